import { hash, randomUUID } from 'node:crypto'
import type { ApiAnswer } from '../../api/index.ts'
import { messageOf } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { type RedisClient, reach, redisClient } from '../../shield/index.ts'
import { KEY_MS, RecordsUnavailable } from '../../storage/index.ts'

/** The answer to a claim on a key. */
export type SharedClaim =
  /** The key was free and is claimed for this process. */
  | { readonly is: 'ours' }
  | { readonly is: 'answered'; readonly fingerprint: string; readonly answer: ApiAnswer }
  /** Another process claimed the key `forMs` milliseconds ago. */
  | { readonly is: 'under_way'; readonly fingerprint: string; readonly forMs: number }

/**
 * Idempotency keys shared by several processes, in Redis. Every method rejects with `RecordsUnavailable` while Redis is
 * away.
 */
export interface SharedKeys {
  /** Claims a key for this process, unless another process has it. */
  claim(key: string, fingerprint: string): Promise<SharedClaim>
  /** Stores the answer that every process gives from now on. */
  answer(key: string, fingerprint: string, answer: ApiAnswer): Promise<void>
  /** Frees a key for which nothing was done. */
  release(key: string, fingerprint: string): Promise<void>
  close(): Promise<void>
}

/** A key in Redis. */
interface SharedKey {
  readonly fingerprint: string
  /** The process that claimed it. */
  readonly by: string
  readonly answer?: ApiAnswer
}

const CLAIM = `
  local there = redis.call('GET', KEYS[1])
  if there then return { there, redis.call('PTTL', KEYS[1]) } end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return {}`
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`

/** Connects to Redis; rejects when it cannot be reached. */
export async function openSharedKeys(url: string): Promise<SharedKeys> {
  const client = redisClient(url)
  await reach(() => client.connect())
  return sharedKeys(client)
}

function sharedKeys(client: RedisClient): SharedKeys {
  const by = randomUUID()
  const nameOf = (key: string): string => `bidwarden:key:${hash('sha256', key, 'base64url')}`
  const claimOf = (fingerprint: string): string => JSON.stringify({ fingerprint, by } satisfies SharedKey)

  return {
    async claim(key, fingerprint) {
      const reply = await asked(() => client.eval(CLAIM, 1, nameOf(key), claimOf(fingerprint), KEY_MS))
      const [text, leftMs] = Array.isArray(reply) ? reply : []
      if (text === undefined) return { is: 'ours' }
      const there: SharedKey = parseJson(String(text))
      if (there.answer) return { is: 'answered', fingerprint: there.fingerprint, answer: there.answer }
      // This process claimed the key earlier and lost the reply.
      if (there.by === by && there.fingerprint === fingerprint) return { is: 'ours' }
      return { is: 'under_way', fingerprint: there.fingerprint, forMs: KEY_MS - Number(leftMs) }
    },
    async answer(key, fingerprint, answer) {
      const shared: SharedKey = { fingerprint, by, answer }
      await asked(() => client.set(nameOf(key), JSON.stringify(shared), 'PX', KEY_MS))
    },
    async release(key, fingerprint) {
      await asked(() => client.eval(RELEASE, 1, nameOf(key), claimOf(fingerprint)))
    },
    async close() {
      client.disconnect()
    },
  }
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await reach(work)
  } catch (error) {
    throw new RecordsUnavailable(messageOf(error))
  }
}
