import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type ApiAnswer, problemAnswer } from '../../api/index.ts'
import { atMost } from '../../cache-size.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { type Entry, KEY_MS, type Records, type Recovered } from '../../storage/index.ts'
import { type Clock, sleep } from '../../time/clock.ts'
import type { SharedKeys } from './shared-keys.ts'

interface KeptAnswer {
  readonly fingerprint: string
  readonly answer: Promise<ApiAnswer>
}

/** An idempotency key as it is recorded. */
interface Recorded {
  readonly fingerprint: string
  readonly atMs: number
  readonly answer: ApiAnswer
}

/** An idempotency key whose work is under way. */
export interface Claim {
  /**
   * Entries to write before the work has any effect. They hold the answer `outcome_unknown`, which the key gets if the
   * process ends before the work is done.
   */
  underWay(bidId: string): readonly Entry[]
  /** Entries to write together with the result of the work. */
  answered(answer: ApiAnswer): readonly Entry[]
}

export interface IdempotencyDeps {
  readonly records: Records
  readonly recovered: Pick<Recovered, 'lastKeyMs'>
  /** Keys shared with other processes; undefined where no other process serves the same callers. */
  readonly sharedKeys: SharedKeys | undefined
  /** Most answers kept in memory; older ones, least recently used first, are looked up in the records. */
  readonly max: number
}

/** How long a request waits for another process that is working on the same key, in milliseconds. */
const WAIT_MS = 2_000
/** How often the state of such a key is read meanwhile, in milliseconds. */
const ASK_MS = 100
/**
 * How long this process waits for the answer of another one that has claimed a key, in milliseconds. No bid takes longer, so
 * after that the other process has ended, and the caller is answered `outcome_unknown`.
 */
const LOST_AFTER_MS = 120_000

type KeyedWork = (claim: Claim) => Promise<ApiAnswer>

/** Keeps idempotency keys. The caller has to be part of a key, since keys of two callers must not collide. */
export class IdempotencyKeys {
  readonly #clock: Clock
  readonly #records: Records
  readonly #sharedKeys: SharedKeys | undefined
  readonly #underWay = new Map<string, KeptAnswer>()
  readonly #ended: LRUCache<string, KeptAnswer>
  /** Until this time (wall clock) a key that is not in memory may still be in the records and is looked up there. */
  #lookUpUntilMs: number

  constructor(clock: Clock, { records, recovered: { lastKeyMs }, sharedKeys, max }: IdempotencyDeps) {
    this.#clock = clock
    this.#records = records
    this.#sharedKeys = sharedKeys
    this.#lookUpUntilMs = lastKeyMs === undefined ? Number.NEGATIVE_INFINITY : lastKeyMs + KEY_MS
    this.#ended = new LRUCache<string, KeptAnswer>({
      ...atMost(max),
      ttl: KEY_MS,
      ttlResolution: 0,
      perf: { now: () => clock.elapsedMs() },
      dispose: (_kept, _key, reason) => {
        if (reason === 'evict') this.#lookUp()
      },
    })
  }

  /** Number of keys in memory. */
  get size(): number {
    return this.#ended.size + this.#underWay.size
  }

  /**
   * Runs `work` once per key. The same key with the same body gets the same answer: at the same time, later, after a
   * restart and from another process. The same key with another body is refused with 422. An answer without any effect
   * (a refusal before any platform call) is not kept, so the key can be used again.
   */
  async once(key: string, body: unknown, work: KeyedWork): Promise<ApiAnswer> {
    const fingerprint = hash('sha256', JSON.stringify(body), 'base64url')
    const before = this.#underWay.get(key) ?? this.#ended.get(key)
    if (before && before.fingerprint !== fingerprint) throw reused()
    if (before) return replayed(await before.answer)

    const kept = { fingerprint, answer: this.#answerOf(key, fingerprint, work) }
    this.#underWay.set(key, kept)
    try {
      const answer = await kept.answer
      if (isFinal(answer)) this.#ended.set(key, kept)
      return answer
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #answerOf(key: string, fingerprint: string, work: KeyedWork): Promise<ApiAnswer> {
    const before =
      (await this.#recordedBefore(key)) ??
      (this.#sharedKeys && (await this.#answeredElsewhere(this.#sharedKeys, key, fingerprint)))
    if (!before) return this.#run(key, fingerprint, work)
    if (before.fingerprint !== fingerprint) throw reused()
    return replayed(before.answer)
  }

  /**
   * Reads the key from the records of this process or of an earlier start; undefined when it is not there or too old.
   */
  async #recordedBefore(key: string): Promise<Recorded | undefined> {
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#lookUpUntilMs) return undefined
    const text = await this.#records.find('key', key)
    const recorded: Recorded | undefined = text === undefined ? undefined : parseJson(text)
    return recorded && nowMs - recorded.atMs < KEY_MS ? recorded : undefined
  }

  /** Returns the answer of another process to the key; undefined when this process has claimed the key. */
  async #answeredElsewhere(
    shared: SharedKeys,
    key: string,
    fingerprint: string,
  ): Promise<Pick<Recorded, 'fingerprint' | 'answer'> | undefined> {
    const startedMs = this.#clock.elapsedMs()
    for (;;) {
      const claim = await shared.claim(key, fingerprint)
      if (claim.is === 'ours') return undefined
      if (claim.is === 'answered') return claim
      if (claim.fingerprint !== fingerprint) throw reused()
      if (claim.forMs > LOST_AFTER_MS) return { fingerprint, answer: problemAnswer(lost()) }
      if (this.#clock.elapsedMs() - startedMs > WAIT_MS) throw inUse()
      await sleep(this.#clock, ASK_MS)
    }
  }

  /** Does the work for a key claimed by this process and shares the answer with other processes. */
  async #run(key: string, fingerprint: string, work: KeyedWork): Promise<ApiAnswer> {
    const claim = claimOf(key, fingerprint, this.#clock.nowMs())
    // If Redis cannot be told, other processes see the key as claimed, and later as given up. None of them repeats the bid.
    const tell = (telling: Promise<void> | undefined) => telling?.catch(() => {})
    try {
      const answer = await work(claim)
      if (isFinal(answer)) await tell(this.#sharedKeys?.answer(key, fingerprint, answer))
      else await tell(this.#sharedKeys?.release(key, fingerprint))
      return answer
    } catch (error) {
      // The records still have the answer `outcome_unknown` for this key, so it has to be looked up there.
      if (claim.isUnderWay) this.#lookUp()
      else await tell(this.#sharedKeys?.release(key, fingerprint))
      throw error
    }
  }

  #lookUp(): void {
    this.#lookUpUntilMs = this.#clock.nowMs() + KEY_MS
  }
}

/** Header of a repeated answer. */
const REPLAYED = { 'Idempotency-Replayed': 'true' }

export const isReplayed = ({ headers }: ApiAnswer): boolean => 'Idempotency-Replayed' in headers

/**
 * Marks an answer as repeated.
 * @param answer the stored answer of the key
 */
export const replayed = (answer: ApiAnswer): ApiAnswer => ({
  ...answer,
  headers: { ...answer.headers, ...REPLAYED },
})

interface OwnClaim extends Claim {
  /** Whether the key was recorded as under way and has no answer recorded yet. */
  readonly isUnderWay: boolean
}

function claimOf(key: string, fingerprint: string, atMs: number): OwnClaim {
  let isUnderWay = false
  const put = (answer: ApiAnswer): Entry[] => {
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

/**
 * Whether the answer is kept. Everything is, except refusals before any platform call: the others may have had an
 * effect that must not be repeated.
 */
function isFinal({ status }: ApiAnswer): boolean {
  return status < 300 || status === 502 || status === 504
}
