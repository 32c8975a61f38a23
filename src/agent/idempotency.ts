import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Answer, problemAnswer } from '../api/index.ts'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { type Entry, KEY_MS, type Records } from '../records/index.ts'

interface Kept {
  readonly fingerprint: string
  readonly answer: Promise<Answer>
}

/** A key as it is recorded. */
interface Recorded {
  readonly fingerprint: string
  readonly atMs: number
  readonly answer: Answer
}

/** The key that a piece of work is done for. */
export interface Claim {
  /** To be recorded before the work does anything: the answer to the same key if the process ends meanwhile. */
  underWay(bidId: string): readonly Entry[]
  /** To be recorded with what the work came to. */
  answered(answer: Answer): readonly Entry[]
}

export interface IdempotencyKeys {
  /**
   * Runs `work` once per key. The same key and body, later or at the same time, gets the same answer, also after a
   * restart; another body is refused with 422. An answer that did nothing (a refusal before any call) is not kept, so the
   * key can be tried again.
   */
  once(key: string, body: unknown, work: (claim: Claim) => Promise<Answer>): Promise<Answer>
}

/** Beyond these the least recently used answers are looked up in the records. */
const MAX_KEYS = 100_000

/**
 * A key is tied to its caller by whoever makes `key`.
 *
 * @param lastKeyMs when the newest key of earlier starts came, by the wall clock; undefined when there is none
 */
export function createIdempotencyKeys(
  clock: Clock,
  records: Records,
  lastKeyMs: number | undefined,
  max = MAX_KEYS,
): IdempotencyKeys {
  const underWay = new Map<string, Kept>()
  /** Until then a key that is not in memory may be in the records. */
  let lookUpUntilMs = lastKeyMs === undefined ? Number.NEGATIVE_INFINITY : lastKeyMs + KEY_MS
  const ended = new LRUCache<string, Kept>({
    max,
    ttl: KEY_MS,
    ttlResolution: 0,
    perf: { now: () => clock.elapsedMs() },
    dispose(_kept, _key, reason) {
      if (reason === 'evict') lookUpUntilMs = clock.nowMs() + KEY_MS
    },
  })

  /** The key as it was recorded before; undefined when it is not there, or too old. */
  async function earlier(key: string): Promise<Recorded | undefined> {
    const nowMs = clock.nowMs()
    if (nowMs >= lookUpUntilMs) return undefined
    const text = await records.find('key', key)
    const recorded: Recorded | undefined = text === undefined ? undefined : JSON.parse(text)
    return recorded && nowMs - recorded.atMs < KEY_MS ? recorded : undefined
  }

  async function answerOf(
    key: string,
    fingerprint: string,
    work: (claim: Claim) => Promise<Answer>,
  ): Promise<Answer> {
    const recorded = await earlier(key)
    if (!recorded) return work(claimOf(key, fingerprint, clock.nowMs()))
    if (recorded.fingerprint !== fingerprint) throw reused()
    return recorded.answer
  }

  return {
    async once(key, body, work) {
      const fingerprint = hash('sha256', JSON.stringify(body), 'base64url')
      const before = underWay.get(key) ?? ended.get(key)
      if (before && before.fingerprint !== fingerprint) throw reused()
      if (before) return before.answer

      const kept = { fingerprint, answer: answerOf(key, fingerprint, work) }
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

function claimOf(key: string, fingerprint: string, atMs: number): Claim {
  let isRecorded = false
  const put = (answer: Answer): Entry[] => {
    isRecorded = true
    const recorded: Recorded = { fingerprint, atMs, answer }
    return [{ put: 'key', key, atMs, text: JSON.stringify(recorded) }]
  }
  return {
    underWay: (bidId) => put(problemAnswer(interrupted(bidId))),
    answered(answer) {
      if (isFinal(answer)) return put(answer)
      return isRecorded ? [{ put: 'no_key', key }] : []
    },
  }
}

const interrupted = (bidId: string) =>
  new AppError(
    'outcome_unknown',
    'The service ended while this bid was under way; it counts as spent and is not placed again',
    'never',
    { bidId },
  )

const reused = () =>
  new AppError('idempotency_key_reused', 'This Idempotency-Key came with another body before')

/** Whether something may have been done that must not be done again: everything but refusals before the call. */
function isFinal({ status }: Answer): boolean {
  return status < 300 || status === 502 || status === 504
}
