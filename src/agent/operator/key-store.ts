import { KeptKey, type KeyChanges } from '../../api/index.ts'
import { AppError, messageOf } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { Logger } from '../../log.ts'
import { reach, redisClient, StoreUnavailable } from '../../shield/index.ts'
import { type Records, RecordsUnavailable, type Recovered } from '../../storage/index.ts'
import { type Cancel, type Clock, every } from '../../time/clock.ts'
import { mapInSlices } from '../../time/slices.ts'
import { SharedTexts, type TextChanges } from '../shared-texts.ts'

/** Keeps API keys that were made at run time. Every change rejects with 503 `records_unavailable` where it cannot be kept. */
export interface KeyStore {
  /**
   * Keeps a key, durably. Resolves to false, and keeps nothing, where another process has changed it.
   * @param before the key as it is known to be kept; undefined if there is none
   */
  put(key: KeptKey, before: KeptKey | undefined): Promise<boolean>
  /** Keeps that a key is revoked, whatever else was changed of it. What cannot be kept now is kept as soon as it can be. */
  revoke(key: KeptKey): Promise<void>
  forget(id: string): Promise<void>
  /** Calls `onChange` with all keys before it resolves, and then with what has changed. Rejects where they cannot be read. */
  watch(onChange: (changes: KeyChanges) => void): Promise<void>
  close(): void
}

/**
 * Keys in the records of this process. Where those end with the process, the keys do too.
 * @param apiKeys what earlier starts have recorded
 */
export function recordedKeys(
  records: Records,
  { apiKeys }: Pick<Recovered, 'apiKeys'>,
  log: Logger,
): KeyStore {
  const keep = async (entry: Parameters<Records['append']>[0][number]): Promise<void> => {
    if (records.lasts) await kept(() => records.append([entry]))
  }
  const put = (key: KeptKey) => keep({ put: 'api_key', id: key.id, text: textOf(key) })
  return {
    put: async (key) => put(key).then(() => true),
    revoke: put,
    forget: (id) => keep({ put: 'no_api_key', id }),
    watch: async (onChange) => onChange({ now: await keysIn(apiKeys, log), gone: [] }),
    close: () => {},
  }
}

/** A hash of all keys by id. */
const SHARED = 'bidwarden:api_keys'
/** Arguments: id, text, and the digest that the key must have: another one of its name stays as it is. */
const REVOKE = `
  local kept = redis.call('HGET', KEYS[1], ARGV[1])
  if not kept or not string.find(kept, ARGV[3], 1, true) then return end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], '', 1)`
/** How often Redis is asked whether another process has changed a key, in milliseconds. */
const LOOK_MS = 1_000

/** Keys in Redis, shared by all processes. Rejects when Redis cannot be reached. */
export async function openSharedApiKeys(url: string, clock: Clock, log: Logger): Promise<KeyStore> {
  const client = redisClient(url)
  await reach(() => client.connect())
  let stop: Cancel = () => {}
  /** Revocations that could not be kept yet, by id. */
  const unkept = new Map<string, KeptKey>()
  const shared = new SharedTexts(client, SHARED)
  const revoke = async (key: KeptKey): Promise<void> => {
    unkept.set(key.id, key)
    await shared.run(REVOKE, key.id, textOf(key), key.sha256)
    unkept.delete(key.id)
  }
  return {
    put: (key, before) => kept(() => shared.put({ id: key.id, text: textOf(key) }, before && textOf(before))),
    revoke: (key) => kept(() => revoke(key)),
    forget: (id) => kept(() => shared.forget(id)),
    async watch(onChange) {
      const look = async () => {
        for (const key of unkept.values()) await revoke(key)
        const changes = await shared.changes()
        if (changes) onChange(await readable(changes, log))
      }
      await look()
      let isLooking = false
      stop = every(clock, LOOK_MS, async () => {
        if (isLooking) return
        isLooking = true
        // While Redis is away, the keys that are known go on.
        await look().catch(() => {})
        isLooking = false
      })
    },
    close() {
      stop()
      client.disconnect()
    },
  }
}

/** A key that this version cannot read counts as gone. */
async function readable({ now, gone }: TextChanges, log: Logger): Promise<KeyChanges> {
  const keys = await keysIn(now, log)
  const read = new Set(keys.map(({ id }) => id))
  return { now: keys, gone: [...gone, ...now.map(({ id }) => id).filter((id) => !read.has(id))] }
}

/** The keys in these texts; one that this version cannot read is skipped with a warning. */
async function keysIn(
  texts: readonly { readonly id: string; readonly text: string }[],
  log: Logger,
): Promise<KeptKey[]> {
  const keys = await mapInSlices(texts, ({ id, text }) => {
    const read = KeptKey.safeParse(parseJson(text))
    if (read.success) return [read.data]
    log.warn({ key: id, detail: read.error.message }, 'an API key cannot be read and is not accepted')
    return []
  })
  return keys.flat()
}

/** Always the same text for the same key, since Redis compares it. */
const textOf = (key: KeptKey): string => JSON.stringify(KeptKey.parse(key))

async function kept<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RecordsUnavailable) && !(error instanceof StoreUnavailable)) throw error
    throw new AppError('records_unavailable', `API keys cannot be kept now: ${messageOf(error)}`, 'later')
  }
}
