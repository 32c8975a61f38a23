import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Answer, problemAnswer } from '../api/index.ts'
import { atMost } from '../cache-size.ts'
import { type Clock, sleep } from '../clock.ts'
import { AppError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { type Entry, KEY_MS, type Records, type Recovered } from '../records/index.ts'
import type { SharedKeys } from './shared-keys.ts'

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
   * Runs `work` once per key. The same key and body, later or at the same time, gets the same answer, also after a restart
   * and from another process; another body is refused with 422. An answer that did nothing (a refusal before any call) is
   * not kept, so the key can be tried again.
   */
  once(key: string, body: unknown, work: (claim: Claim) => Promise<Answer>): Promise<Answer>
}

export interface IdempotencyDeps {
  readonly records: Records
  readonly recovered: Pick<Recovered, 'lastKeyMs'>
  /** Undefined where no other process answers for the same callers. */
  readonly sharedKeys: SharedKeys | undefined
}

/** Beyond these the least recently used answers are looked up in the records. */
const MAX_KEYS = 100_000
/** A key that is under way at another process is waited for so long, and asked for so often. */
const WAIT_MS = 2_000
const ASK_MS = 100
/** Longer than any bid is under way: the process that had the key has ended. */
const LOST_AFTER_MS = 120_000

/** A key is tied to its caller by whoever makes `key`. */
export function createIdempotencyKeys(
  clock: Clock,
  { records, recovered: { lastKeyMs }, sharedKeys }: IdempotencyDeps,
  max = MAX_KEYS,
): IdempotencyKeys {
  const underWay = new Map<string, Kept>()
  /** Until then a key that is not in memory may be in the records. */
  let lookUpUntilMs = lastKeyMs === undefined ? Number.NEGATIVE_INFINITY : lastKeyMs + KEY_MS
  const lookUp = (): void => {
    lookUpUntilMs = clock.nowMs() + KEY_MS
  }
  const ended = new LRUCache<string, Kept>({
    ...atMost(max),
    ttl: KEY_MS,
    ttlResolution: 0,
    perf: { now: () => clock.elapsedMs() },
    dispose(_kept, _key, reason) {
      if (reason === 'evict') lookUp()
    },
  })

  /** The key as this process or an earlier start recorded it; undefined when it is not there, or too old. */
  async function recordedBefore(key: string): Promise<Recorded | undefined> {
    const nowMs = clock.nowMs()
    if (nowMs >= lookUpUntilMs) return undefined
    const text = await records.find('key', key)
    const recorded: Recorded | undefined = text === undefined ? undefined : parseJson(text)
    return recorded && nowMs - recorded.atMs < KEY_MS ? recorded : undefined
  }

  /** The key as another process has answered it; undefined when it is claimed for this one. */
  async function answeredElsewhere(
    shared: SharedKeys,
    key: string,
    fingerprint: string,
  ): Promise<Pick<Recorded, 'fingerprint' | 'answer'> | undefined> {
    const startedMs = clock.elapsedMs()
    for (;;) {
      const claim = await shared.claim(key, fingerprint)
      if (claim.is === 'ours') return undefined
      if (claim.is === 'answered') return claim
      if (claim.fingerprint !== fingerprint) throw reused()
      if (claim.forMs > LOST_AFTER_MS) return { fingerprint, answer: problemAnswer(lost()) }
      if (clock.elapsedMs() - startedMs > WAIT_MS) throw inUse()
      await sleep(clock, ASK_MS)
    }
  }

  /** Does the work for a key that this process has for itself, and tells the others. */
  async function run(
    key: string,
    fingerprint: string,
    work: (claim: Claim) => Promise<Answer>,
  ): Promise<Answer> {
    const claim = claimOf(key, fingerprint, clock.nowMs())
    // Where the others cannot be told, they find the key claimed, and in the end lost: nobody bids again.
    const tell = (telling: Promise<void> | undefined) => telling?.catch(() => {})
    try {
      const answer = await work(claim)
      if (isFinal(answer)) await tell(sharedKeys?.answer(key, fingerprint, answer))
      else await tell(sharedKeys?.release(key, fingerprint))
      return answer
    } catch (error) {
      // What was begun and not ended is in the records as what it is.
      if (claim.isUnderWay) lookUp()
      else await tell(sharedKeys?.release(key, fingerprint))
      throw error
    }
  }

  async function answerOf(
    key: string,
    fingerprint: string,
    work: (claim: Claim) => Promise<Answer>,
  ): Promise<Answer> {
    const before =
      (await recordedBefore(key)) ?? (sharedKeys && (await answeredElsewhere(sharedKeys, key, fingerprint)))
    if (!before) return run(key, fingerprint, work)
    if (before.fingerprint !== fingerprint) throw reused()
    return before.answer
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

interface OwnClaim extends Claim {
  /** Recorded as under way, and not as anything else since. */
  readonly isUnderWay: boolean
}

function claimOf(key: string, fingerprint: string, atMs: number): OwnClaim {
  let isUnderWay = false
  const put = (answer: Answer): Entry[] => {
    const recorded: Recorded = { fingerprint, atMs, answer }
    return [{ put: 'key', key, atMs, text: JSON.stringify(recorded) }]
  }
  return {
    get isUnderWay() {
      return isUnderWay
    },
    underWay(bidId) {
      isUnderWay = true
      return put(problemAnswer(lost(bidId)))
    },
    answered(answer) {
      const wasUnderWay = isUnderWay
      isUnderWay = false
      if (isFinal(answer)) return put(answer)
      return wasUnderWay ? [{ put: 'no_key', key }] : []
    },
  }
}

const lost = (bidId?: string) =>
  new AppError(
    'outcome_unknown',
    'The service ended while this bid was under way; it counts as spent and is not placed again',
    'never',
    bidId === undefined ? {} : { bidId },
  )

const reused = () =>
  new AppError('idempotency_key_reused', 'This Idempotency-Key came with another body before')

const inUse = () =>
  new AppError('idempotency_key_in_use', 'Another process is placing the bid of this Idempotency-Key', {
    afterMs: 1_000,
  })

/** Whether something may have been done that must not be done again: everything but refusals before the call. */
function isFinal({ status }: Answer): boolean {
  return status < 300 || status === 502 || status === 504
}
