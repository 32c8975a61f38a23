import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { messageOf } from '../../errors.ts'
import { StoreUnavailable } from './store.ts'

/** A Redis answers within this, or its answer is given up. */
const COMMAND_MS = 800
const CONNECT_MS = 1_000
const RECONNECT_MS_MAX = 500

/**
 * Never queues while it is not connected, and never sends a command a second time by itself: whoever asked decides
 * that, under the same `seq`.
 */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_MS,
  connectTimeout: CONNECT_MS,
  retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS_MAX),
  // What was the primary is a replica now; ask again who it is.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions

export type RedisClient = Redis | Cluster

/**
 * A client for `redis://` or `rediss://` (one server), `redis-sentinel://host:port,host:port/name`, or
 * `redis-cluster://host:port,host:port`. User and password go before the hosts. Not connected yet.
 *
 * @param commandMs a command without an answer is given up after this; longer for one that waits on purpose
 */
export function redisClient(url: string, commandMs = COMMAND_MS): RedisClient {
  const options = { ...OPTIONS, commandTimeout: commandMs }
  const list = /^redis-(sentinel|cluster):\/\/(?:([^:@/]*):([^@/]*)@)?([^/]+)(?:\/([^/]+))?$/.exec(url)
  if (!list) return quiet(new Redis(url, options))
  const [, kind, username, password, hosts = '', name = 'mymaster'] = list
  const nodes = hosts.split(',').map((node) => {
    const [host = '', port = kind === 'sentinel' ? '26379' : '6379'] = node.split(':')
    return { host, port: Number(port) }
  })
  const access = {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  }
  if (kind === 'sentinel') return quiet(new Redis({ ...options, ...access, sentinels: nodes, name }))
  return quiet(
    new Cluster(nodes, {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: (times) => Math.min(times * 50, RECONNECT_MS_MAX),
      redisOptions: { ...options, ...access },
    }),
  )
}

/** Every failure reaches whoever asked; without a listener ioredis would print it as well. */
function quiet<T extends RedisClient>(client: T): T {
  client.on('error', () => undefined)
  return client
}

/** The servers that take writes. */
export const primaries = (client: RedisClient): readonly Redis[] =>
  client instanceof Cluster ? client.nodes('master') : [client]

/** A Lua script that is sent by its digest, and whole where Redis does not know it. */
export class RedisScript {
  readonly #text: string
  readonly #digest: string

  /** @param file beside this one */
  constructor(file: string) {
    this.#text = readFileSync(new URL(file, import.meta.url), 'utf8')
    this.#digest = createHash('sha1').update(this.#text).digest('hex')
  }

  /** Rejects with {@link StoreUnavailable}. */
  async run(client: RedisClient, keys: readonly string[], request: object): Promise<unknown> {
    const args = [...keys, JSON.stringify(request)]
    const answer = await reach(async () => {
      try {
        return await client.evalsha(this.#digest, keys.length, ...args)
      } catch (error) {
        // It was not executed.
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error
        return client.eval(this.#text, keys.length, ...args)
      }
    })
    return JSON.parse(String(answer))
  }
}

/** Turns whatever goes wrong between here and Redis into {@link StoreUnavailable}. */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    throw new StoreUnavailable(`Redis: ${messageOf(error)}`)
  }
}

/** Refuses a Redis that may throw money away to make room. */
export async function checkMemoryPolicy(client: RedisClient): Promise<void> {
  for (const primary of primaries(client)) {
    const info = await reach(() => primary.info('memory'))
    const setting = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
    const policy = setting('maxmemory_policy')
    if (setting('maxmemory') !== '0' && policy !== 'noeviction') {
      throw new Error(
        `Redis at ${primary.options.host}:${primary.options.port} evicts keys when its memory is full ` +
          `(maxmemory-policy ${policy}), and budgets are such keys: set maxmemory-policy noeviction.`,
      )
    }
  }
}
