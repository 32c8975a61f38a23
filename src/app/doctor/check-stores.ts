import { Cluster } from 'ioredis'
import pg from 'pg'
import type { Finding } from '../../agent/index.ts'
import { messageOf } from '../../errors.ts'
import { type RedisClient, reach, redisClient } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'

/** How long a store may take to connect or to answer, in milliseconds. */
const PATIENCE_MS = 5_000
/** The difference of clocks from which the budget store refuses, in milliseconds. */
const MAX_SKEW_MS = 5_000
/** The difference from which there is a warning, in milliseconds. */
const DOUBTFUL_SKEW_MS = 1_000
/** Major and minor version. */
const OLDEST_REDIS = [6, 2]
/** Version 14, as `server_version_num` writes it. */
const OLDEST_POSTGRES = 140_000

/** Checks whether a Redis can be trusted with budgets. */
export async function checkRedis(url: string, minReplicas: number, clock: Clock): Promise<Finding[]> {
  const client = redisClient(url, PATIENCE_MS)
  try {
    await reach(() => client.connect())
    const before = clock.nowMs()
    const [seconds, micros] = await reach(() => client.time())
    const skewMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - (before + clock.nowMs()) / 2
    const found = [skewed('Redis', skewMs)]
    for (const server of serversOf(client)) {
      const info = await reach(() => server.info())
      const of = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
      found.push(version(of), persistence(of), eviction(of), replicas(of, minReplicas))
    }
    return found
  } catch (error) {
    return [away('Redis', error, 'start it, and see that REDIS_URL is right')]
  } finally {
    client.disconnect()
  }
}

const serversOf = (client: RedisClient) => (client instanceof Cluster ? client.nodes('master') : [client])

type Of = (name: string) => string

function version(of: Of): Finding {
  const text = of('redis_version')
  const [major = 0, minor = 0] = text.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = OLDEST_REDIS
  const isOld = major < oldMajor || (major === oldMajor && minor < oldMinor)
  const subject = 'Redis version'
  if (!isOld) return { subject, state: 'ok', detail: text }
  return {
    subject,
    state: 'problem',
    detail: `${text} is not tested`,
    advice: `use ${OLDEST_REDIS.join('.')} or later`,
  }
}

function persistence(of: Of): Finding {
  const subject = 'Redis persistence'
  if (of('aof_enabled') === '1') {
    const isRight = of('aof_last_write_status') === 'ok'
    return isRight
      ? { subject, state: 'ok', detail: 'it keeps a log of every write' }
      : {
          subject,
          state: 'problem',
          detail: 'its last write to the log failed',
          advice: 'see its log; its disk may be full',
        }
  }
  const detail = 'a restart loses writes; budgets are then refused until their owners have told what was lost'
  return { subject, state: 'warning', detail, advice: 'set appendonly yes' }
}

function eviction(of: Of): Finding {
  const subject = 'Redis eviction'
  const policy = of('maxmemory_policy')
  if (policy === 'noeviction' || of('maxmemory') === '0') return { subject, state: 'ok', detail: policy }
  const detail = `${policy}: it deletes budgets when its memory is full, and the service does not start with it`
  return { subject, state: 'problem', detail, advice: 'set maxmemory-policy noeviction' }
}

function replicas(of: Of, min: number): Finding {
  const subject = 'Redis replicas'
  const count = Number(of('connected_slaves'))
  if (count >= min && of('role') === 'master')
    return { subject, state: 'ok', detail: `${count}; REDIS_MIN_REPLICAS is ${min}` }
  if (of('role') !== 'master')
    return {
      subject,
      state: 'problem',
      detail: 'it is a replica itself',
      advice: 'set REDIS_URL to the primary, or to its sentinels',
    }
  const detail = `${count}, but money is granted only when ${min} know of it`
  return { subject, state: 'problem', detail, advice: 'start them, or lower REDIS_MIN_REPLICAS' }
}

/** Checks whether a PostgreSQL can be used as the database of connections and conversions. */
export async function checkPostgres(connectionString: string, clock: Clock): Promise<Finding[]> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const before = clock.nowMs()
    const { rows } = await client.query(
      "SELECT extract(epoch FROM now()) * 1000 AS now_ms, current_setting('server_version_num')::int AS version, " +
        "current_setting('server_version') AS name, pg_is_in_recovery() AS is_replica, " +
        "has_database_privilege(current_database(), 'CREATE') AS may_create",
    )
    const [row] = rows
    const skewMs = Number(row.now_ms) - (before + clock.nowMs()) / 2
    return [skewed('PostgreSQL', skewMs), ...state(row)]
  } catch (error) {
    return [away('PostgreSQL', error, 'start it, and see that DATABASE_URL is right')]
  } finally {
    await client.end().catch(() => {})
  }
}

function state(row: Readonly<Record<string, unknown>>): Finding[] {
  const subject = 'PostgreSQL'
  if (row['is_replica'] === true)
    return [
      {
        subject,
        state: 'problem',
        detail: 'it is a replica, which takes no writes',
        advice: 'set DATABASE_URL to the primary',
      },
    ]
  if (Number(row['version']) < OLDEST_POSTGRES)
    return [{ subject, state: 'problem', detail: `${row['name']} is not tested`, advice: 'use 14 or later' }]
  if (row['may_create'] !== true)
    return [
      {
        subject,
        state: 'problem',
        detail: 'its user may not make tables, so an update cannot migrate them',
        advice: 'grant it CREATE on the database',
      },
    ]
  return [{ subject, state: 'ok', detail: String(row['name']) }]
}

function skewed(store: string, skewMs: number): Finding {
  const subject = 'clock'
  const byMs = Math.round(Math.abs(skewMs))
  const detail = `${byMs} ms ${skewMs < 0 ? 'ahead of' : 'behind'} ${store}`
  if (byMs <= DOUBTFUL_SKEW_MS) return { subject, state: 'ok', detail }
  return {
    subject,
    state: byMs > MAX_SKEW_MS ? 'problem' : 'warning',
    detail,
    advice: 'set both clocks by NTP',
  }
}

/** A finding that does not show the address of the store, since that may contain a password. */
const away = (subject: string, error: unknown, advice: string): Finding => ({
  subject,
  state: 'problem',
  detail: messageOf(error) || 'it cannot be reached',
  advice,
})
