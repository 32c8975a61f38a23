import { KeptKey } from '../../api/index.ts'
import { AppError, messageOf } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { Logger } from '../../log.ts'
import { type RedisClient, reach, redisClient, StoreUnavailable } from '../../shield/index.ts'
import { type Records, RecordsUnavailable, type Recovered } from '../../storage/index.ts'
import { type Cancel, type Clock, every } from '../../time/clock.ts'

/** Keeps API keys that were made at run time. Every change rejects with 503 `records_unavailable` where it cannot be kept. */
export interface KeyStore {
  /**
   * Keeps a key, durably. Resolves to false, and keeps nothing, where another process has changed it.
   * @param before the key as it is known to be kept; undefined if there is none
   */
  put(key: KeptKey, before: KeptKey | undefined): Promise<boolean>
  /** Keeps that a key is revoked, whatever was kept of it before. */
  revoke(key: KeptKey): Promise<void>
  forget(id: string): Promise<void>
  /** Calls `onKeys` with all keys: before it resolves, and whenever another process has changed one. Rejects where they cannot be read. */
  watch(onKeys: (all: readonly KeptKey[]) => void): Promise<void>
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
    watch: async (onKeys) => onKeys(keysIn(apiKeys, log)),
    close: () => {},
  }
}

/** A hash of all keys by id. The field of no id counts the changes. */
const SHARED = 'bidwarden:api_keys'
const VERSION = ''
/** Arguments: id, text, whether the key must be as it was known, and how that is. */
const PUT = `
  if ARGV[3] == 'same' and (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[4] then return 0 end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], '${VERSION}', 1)
  return 1`
const FORGET = `
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HINCRBY', KEYS[1], '${VERSION}', 1)`
/** How often Redis is asked whether another process has changed a key, in milliseconds. */
const LOOK_MS = 1_000

/** Keys in Redis, shared by all processes. Rejects when Redis cannot be reached. */
export async function openSharedApiKeys(url: string, clock: Clock, log: Logger): Promise<KeyStore> {
  const client = redisClient(url)
  await reach(() => client.connect())
  let stop: Cancel = () => {}
  const put = (key: KeptKey, how: 'same' | 'any', before = '') =>
    kept(() => reach(() => client.eval(PUT, 1, SHARED, key.id, textOf(key), how, before)))
  return {
    put: async (key, before) => (await put(key, 'same', before && textOf(before))) === 1,
    revoke: async (key) => void (await put(key, 'any')),
    forget: async (id) => void (await kept(() => reach(() => client.eval(FORGET, 1, SHARED, id)))),
    async watch(onKeys) {
      let version = await look(client, undefined, log, onKeys)
      let isLooking = false
      stop = every(clock, LOOK_MS, async () => {
        if (isLooking) return
        isLooking = true
        // While Redis is away, the keys that are known go on.
        version = await look(client, version, log, onKeys).catch(() => version)
        isLooking = false
      })
    },
    close() {
      stop()
      client.disconnect()
    },
  }
}

/** Reads the keys if their version is another one than `known`. Returns the version. */
async function look(
  client: RedisClient,
  known: string | undefined,
  log: Logger,
  onKeys: (all: readonly KeptKey[]) => void,
): Promise<string> {
  const version = (await reach(() => client.hget(SHARED, VERSION))) ?? '0'
  if (version === known) return version
  const { [VERSION]: read = '0', ...texts } = await reach(() => client.hgetall(SHARED))
  onKeys(
    keysIn(
      Object.entries(texts).map(([id, text]) => ({ id, text })),
      log,
    ),
  )
  return read
}

/** The keys in these texts; one that this version cannot read is skipped with a warning. */
function keysIn(texts: readonly { readonly id: string; readonly text: string }[], log: Logger): KeptKey[] {
  return texts.flatMap(({ id, text }) => {
    const read = KeptKey.safeParse(parseJson(text))
    if (read.success) return [read.data]
    log.warn({ key: id, detail: read.error.message }, 'an API key cannot be read and is not accepted')
    return []
  })
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
