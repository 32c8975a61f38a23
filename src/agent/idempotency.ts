import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Answer } from '../api/index.ts'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'

interface Kept {
  readonly fingerprint: string
  readonly answer: Promise<Answer>
}

export interface IdempotencyKeys {
  /**
   * Runs `work` once per key. The same key and body, later or at the same time, gets the same answer; another body is
   * refused with 422. An answer that did nothing (a refusal before any call) is not kept, so the key can be tried again.
   */
  once(key: string, body: unknown, work: () => Promise<Answer>): Promise<Answer>
}

const KEPT_MS = 24 * 3_600_000
/** Beyond these the least recently used answers are forgotten before their time. */
const MAX_KEYS = 100_000

/** A key is tied to its caller by whoever makes `key`. */
export function createIdempotencyKeys(clock: Clock, max = MAX_KEYS): IdempotencyKeys {
  const underWay = new Map<string, Kept>()
  const ended = new LRUCache<string, Kept>({
    max,
    ttl: KEPT_MS,
    ttlResolution: 0,
    perf: { now: () => clock.elapsedMs() },
  })

  return {
    async once(key, body, work) {
      const fingerprint = hash('sha256', JSON.stringify(body), 'base64url')
      const earlier = underWay.get(key) ?? ended.get(key)
      if (earlier && earlier.fingerprint !== fingerprint) {
        throw new AppError('idempotency_key_reused', 'This Idempotency-Key came with another body before')
      }
      if (earlier) return earlier.answer

      const kept = { fingerprint, answer: work() }
      underWay.set(key, kept)
      try {
        const answer = await kept.answer
        if (isFinal(answer)) ended.set(key, kept)
        return answer
      } finally {
        underWay.delete(key)
      }
    },
  }
}

/** Whether something may have been done that must not be done again: everything but refusals before the call. */
function isFinal({ status }: Answer): boolean {
  return status < 300 || status === 502 || status === 504
}
