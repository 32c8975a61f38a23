import { KeptKey, type KeyChanges } from '../../api/index.ts'
import { parseJson } from '../../json/json.ts'
import type { Logger } from '../../log.ts'
import { reach, redisClient } from '../../shield/index.ts'
import type { Records, Recovered } from '../../storage/index.ts'
import { type Cancel, type Clock, every } from '../../time/clock.ts'
import { mapInSlices } from '../../time/slices.ts'
import { kept } from '../kept.ts'
import { SharedTexts, type TextChanges } from '../shared-texts.ts'

/**
 * Stores the API keys that were made at run time. Every change rejects with 503 `records_unavailable` if it cannot be
 * stored.
 */
export interface KeyStore {
  /**
   * Stores a key durably. Resolves to false, and stores nothing, if another process has changed the key.
   * @param before the key as it is known to be stored; undefined if there is none
   */
  put(key: KeptKey, before: KeptKey | undefined): Promise<boolean>
  /** Stores that a key is revoked, whatever else was changed of it. If that fails, it is repeated until it succeeds. */
  revoke(key: KeptKey): Promise<void>
  forget(id: string): Promise<void>
  /**
   * Calls `onChange` with all keys before it resolves, and later with every change. Rejects if the keys cannot be read.
   */
  watch(onChange: (changes: KeyChanges) => void): Promise<void>
  close(): void
}

/**
 * Stores keys in the records of this process. If the records end with the process, so do the keys.
 * @param apiKeys what earlier starts have recorded
 */
export function recordedKeys(
  records: Records,
  { apiKeys }: Pick<Recovered, 'apiKeys'>,
  log: Logger,
): KeyStore {
  const keep = async (entry: Parameters<Records['append']>[0][number]): Promise<void> => {
    if (records.lasts) await kept(NOT_KEPT, () => records.append([entry]))
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

const NOT_KEPT = 'API keys cannot be kept now'

/** The Redis hash with all keys by id. */
const SHARED = 'bidwarden:api_keys'
/**
 * Arguments: id, new text, and the digest that the stored key must have, so that another key of the same name is not
 * changed.
 */
const REVOKE = `
  local kept = redis.call('HGET', KEYS[1], ARGV[1])
  if not kept or not string.find(kept, ARGV[3], 1, true) then return end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], '', 1)`
/** How often Redis is asked whether another process has changed a key, in milliseconds. */
const LOOK_MS = 1_000

/** Stores keys in Redis, for all processes. Rejects if Redis cannot be reached. */
export async function openSharedApiKeys(url: string, clock: Clock, log: Logger): Promise<KeyStore> {
  const client = redisClient(url)
  await reach(() => client.connect())
  let stop: Cancel = () => {}
  /** Revocations that could not be stored yet, by id. */
  const unkept = new Map<string, KeptKey>()
  const shared = new SharedTexts(client, SHARED)
  const revoke = async (key: KeptKey): Promise<void> => {
    unkept.set(key.id, key)
    await shared.run(REVOKE, key.id, textOf(key), key.sha256)
    unkept.delete(key.id)
  }
  return {
    put: (key, before) =>
      kept(NOT_KEPT, () => shared.put({ id: key.id, text: textOf(key) }, before && textOf(before))),
    revoke: (key) => kept(NOT_KEPT, () => revoke(key)),
    forget: (id) => kept(NOT_KEPT, () => shared.forget(id)),
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
        // While Redis is unavailable, the known keys stay valid.
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

/** The same text for the same key every time, since Redis compares it. */
const textOf = (key: KeptKey): string => JSON.stringify(KeptKey.parse(key))
