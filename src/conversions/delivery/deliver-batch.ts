import type { BatchAnswer, Conversion, EventVerdict } from '../../connectors/index.ts'
import type { Claimed, DeliveryOutcome, EndedDelivery } from '../outbox/index.ts'
import type { Personal } from '../sealed.ts'
import type { SentBatch } from './call.ts'
import { retryDelayMs } from './retry-delays.ts'

/** A claimed delivery with its decrypted content. */
export interface Parcel {
  readonly claimed: Claimed
  readonly conversion: Conversion
  readonly personal: Personal
  /** Whether an identifier was removed from `personal` since it was sealed. */
  readonly isChanged: boolean
}

/** Why sending a batch ended before all its events were settled. */
export type Stop =
  | Exclude<SentBatch, { is: 'answered' }>
  | Extract<BatchAnswer, { is: 'throttled' | 'auth_lost' | 'account_refused' | 'transient' }>

export interface BatchDeps {
  /** @param isAgain whether the events were already in an earlier call that the platform refused as a whole */
  readonly call: (batch: readonly Parcel[], isAgain: boolean) => Promise<SentBatch>
  /** Whether the platform processes accepted calls later, so that their result has to be asked for. */
  readonly isProcessedLater: boolean
  readonly seal: (parcel: Parcel) => string
}

export interface Delivered {
  readonly ended: readonly EndedDelivery[]
  readonly stop: Stop | undefined
  readonly calls: number
}

/** The most calls that one batch may take; events that are left wait for the next turn. */
const MAX_CALLS = 100

/** A refusal of a whole batch that names no event. */
interface Blind {
  readonly code: string
  readonly detail: string
  readonly requestId: string | undefined
  readonly latencyMs: number
}

/**
 * Sends a batch until every event of it is settled, or a call fails for a reason that lies not in its events.
 *
 * If a call is refused as a whole, the events that the platform names are settled and the others are sent again. If it
 * names none, the bad event is found by halving: half of the suspects are sent; if the platform accepts them, the bad
 * event is in the other half, otherwise in this one, and the other half waits. The waiting events are sent in one call
 * at the end. So one bad event among n costs at most log2(n) + 2 further calls. The event ids stay the same, so an
 * event that a refused call has processed after all is not counted twice.
 */
export async function deliverBatch(deps: BatchDeps, batch: readonly Parcel[]): Promise<Delivered> {
  const run = new BatchRun(deps)
  let left = [...batch]
  let isAgain = false
  while (left.length > 0 && !run.isOver) {
    const sent = await run.send(left, isAgain)
    isAgain = true
    if (sent.is === 'blind') left = await run.search(left, sent.blind)
    else left = sent.left
  }
  return run.result(batch)
}

type BatchStep =
  /** The events that were not settled and must be sent again. */
  | { readonly is: 'settled' | 'named'; readonly left: Parcel[] }
  | { readonly is: 'blind'; readonly blind: Blind }
  | { readonly is: 'over'; readonly left: Parcel[] }

class BatchRun {
  readonly #deps: BatchDeps
  readonly #outcomes = new Map<number, EndedDelivery>()
  /** The indexes of events that a refused call may have processed after all. */
  readonly #maybeTaken = new Set<number>()
  /** The events from which an identifier was removed, as they are now. */
  readonly #changed = new Map<number, Parcel>()
  #calls = 0
  #stop: Stop | undefined
  #stopped: readonly Parcel[] = []

  constructor(deps: BatchDeps) {
    this.#deps = deps
  }

  get isOver(): boolean {
    return this.#stop !== undefined || this.#calls >= MAX_CALLS
  }

  async send(batch: readonly Parcel[], isAgain: boolean): Promise<BatchStep> {
    if (this.isOver) return { is: 'over', left: [...batch] }
    this.#calls += 1
    const sent = await this.#deps.call(batch, isAgain)
    if (sent.is !== 'answered') return this.#end(sent, batch)
    const { answer, latencyMs } = sent
    switch (answer.is) {
      case 'taken':
        return { is: 'settled', left: this.#settleAll(batch, answer, latencyMs) }
      case 'batch_refused':
        return this.#refused(batch, answer, latencyMs)
      default:
        return this.#end(answer, batch)
    }
  }

  /** Finds the bad event among events that were refused together. Returns those that must still be sent. */
  async search(refused: readonly Parcel[], first: Blind): Promise<Parcel[]> {
    let [suspects, blind, isProven] = [[...refused], first, true]
    const waiting: Parcel[] = []
    while (suspects.length > 1) {
      const half = suspects.slice(0, Math.ceil(suspects.length / 2))
      const other = suspects.slice(half.length)
      const sent = await this.send(half, true)
      if (sent.is === 'over') return [...waiting, ...suspects]
      if (sent.is === 'blind') {
        waiting.push(...other)
        ;[suspects, blind, isProven] = [half, sent.blind, true]
      } else if (sent.is === 'named') return [...waiting, ...other, ...sent.left]
      else {
        waiting.push(...sent.left)
        ;[suspects, isProven] = [other, false]
      }
    }
    const [last] = suspects
    if (!last) return waiting
    if (!isProven) {
      const sent = await this.send(suspects, true)
      if (sent.is !== 'blind') return [...waiting, ...sent.left]
      blind = sent.blind
    }
    this.#note(last, { is: 'dead', ...blind })
    return waiting
  }

  result(batch: readonly Parcel[]): Delivered {
    const stopped = new Set(this.#stopped.map(({ claimed }) => claimed.seq))
    const ended = batch.map(
      (parcel) =>
        this.#outcomes.get(parcel.claimed.seq) ?? {
          claimed: parcel.claimed,
          outcome: this.#left(parcel, stopped.has(parcel.claimed.seq)),
        },
    )
    return { ended, stop: this.#stop, calls: this.#calls }
  }

  #refused(
    batch: readonly Parcel[],
    answer: Extract<BatchAnswer, { is: 'batch_refused' }>,
    latencyMs: number,
  ): BatchStep {
    const { verdicts, processedNothing, code, detail, requestId } = answer
    if (!processedNothing) for (const { claimed } of batch) this.#maybeTaken.add(claimed.seq)
    const named = [...verdicts].filter(([at]) => at >= 0 && at < batch.length)
    if (named.length === 0) {
      const blind = { code, detail, requestId, latencyMs }
      const [only] = batch
      if (batch.length > 1 || !only) return { is: 'blind', blind }
      this.#note(only, { is: 'dead', ...blind })
      return { is: 'settled', left: [] }
    }
    const byIndex = new Map(named)
    const left = batch.flatMap((parcel, at) => {
      const verdict = byIndex.get(at)
      return verdict ? this.#settle(parcel, verdict, requestId, latencyMs) : [parcel]
    })
    return { is: 'named', left }
  }

  #settleAll(
    batch: readonly Parcel[],
    { verdicts, requestId }: Extract<BatchAnswer, { is: 'taken' }>,
    latencyMs: number,
  ): Parcel[] {
    return batch.flatMap((parcel, at) => {
      const verdict: EventVerdict = verdicts[at] ?? {
        is: 'later',
        code: 'no_verdict',
        detail: 'the platform gave no verdict on this event',
      }
      return this.#settle(parcel, verdict, requestId, latencyMs)
    })
  }

  /** Settles an event by its verdict. Returns it if it must be sent again at once. */
  #settle(parcel: Parcel, verdict: EventVerdict, requestId: string | undefined, latencyMs: number): Parcel[] {
    const about = { requestId, latencyMs }
    switch (verdict.is) {
      case 'acknowledged':
        if (this.#deps.isProcessedLater && requestId !== undefined)
          this.#note(parcel, { is: 'processing', requestId, latencyMs })
        else this.#note(parcel, { is: 'acknowledged', note: verdict.note, ...about })
        return []
      case 'rejected':
        this.#note(parcel, { is: 'dead', code: verdict.code, detail: verdict.detail, ...about })
        return []
      case 'later': {
        const { code, detail, retryAfterMs } = verdict
        const afterMs = Math.max(retryAfterMs ?? 0, retryDelayMs(parcel.claimed.attempts))
        this.#note(parcel, { is: 'retry', code, detail, afterMs, isUnknown: false, ...about })
        return []
      }
      case 'without': {
        const stripped = without(parcel, verdict.member)
        if (stripped) {
          this.#changed.set(parcel.claimed.seq, stripped)
          return [stripped]
        }
        this.#note(parcel, { is: 'dead', code: verdict.code, detail: verdict.detail, ...about })
        return []
      }
    }
  }

  #note(parcel: Parcel, outcome: DeliveryOutcome): void {
    const sealed = this.#sealedAnew(parcel)
    const isOpen = outcome.is === 'dead' || outcome.is === 'retry'
    this.#outcomes.set(parcel.claimed.seq, {
      claimed: parcel.claimed,
      outcome: isOpen && sealed !== undefined ? { ...outcome, sealed } : outcome,
    })
  }

  #sealedAnew({ claimed }: Parcel): string | undefined {
    const changed = this.#changed.get(claimed.seq)
    return changed && this.#deps.seal(changed)
  }

  #end(stop: Stop, batch: readonly Parcel[]): BatchStep {
    this.#stop = stop
    this.#stopped = batch
    return { is: 'over', left: [...batch] }
  }

  /** The outcome of an event that was not settled. */
  #left(parcel: Parcel, wasInLastCall: boolean): DeliveryOutcome {
    const stop = this.#stop
    const delayMs = retryDelayMs(parcel.claimed.attempts)
    const isUnknown = this.#maybeTaken.has(parcel.claimed.seq)
    const sealed = this.#sealedAnew(parcel)
    const again = (code: string, detail: string, afterMs: number, isNow = false): DeliveryOutcome => ({
      is: 'retry',
      code,
      detail,
      afterMs,
      sealed,
      isUnknown: isUnknown || (isNow && wasInLastCall),
    })
    switch (stop?.is) {
      case undefined:
        return again('not_settled', 'too many events of its batch were refused', delayMs)
      case 'held':
        return isUnknown
          ? again('held', stop.why, stop.waitMs)
          : { is: 'put_back', afterMs: stop.waitMs, code: 'held', detail: stop.why }
      case 'auth_lost':
      case 'account_refused':
        return isUnknown
          ? again(stop.is, stop.detail, 0)
          : { is: 'put_back', afterMs: 0, code: stop.is, detail: stop.detail }
      case 'throttled':
        return again('throttled', stop.detail, Math.max(stop.retryAfterMs ?? 0, delayMs))
      case 'not_sent':
        return again('not_sent', stop.detail, delayMs)
      case 'no_answer':
        return again('no_answer', stop.detail, delayMs, true)
      case 'transient':
        return again('platform_failed', stop.detail, delayMs, true)
    }
  }
}

/** The event without one of its identifiers; undefined if it does not have that identifier. */
function without(parcel: Parcel, member: string): Parcel | undefined {
  const { [member]: taken, ...identifiers } = parcel.personal.identifiers
  if (taken === undefined) return undefined
  return {
    claimed: parcel.claimed,
    conversion: { ...parcel.conversion, identifiers },
    personal: { ...parcel.personal, identifiers },
    isChanged: true,
  }
}
