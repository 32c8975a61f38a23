import type { HttpRequest } from '../http.ts'
import type { Micros } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import type { Answer } from '../platforms/index.ts'

/** A decided bid, as a connector gets it. Its money is already held when the first request leaves. */
export interface BidIntent {
  /** Short id that the platform echoes, at most 16 characters of [0-9a-z]; the explanation stays on our side. */
  readonly decisionId: string
  readonly campaignId: string
  readonly customerId: string
  readonly bid: Micros
  readonly predictedLtv: Micros
  /** 0..1 */
  readonly confidence: number | undefined
  readonly source: 'ai' | 'fallback'
  /** ISO 4217; also the account's. */
  readonly currency: string
}

/** One request of an operation. */
export interface Step {
  readonly request: HttpRequest
  /** Whether it may change anything on the platform: then an answer that never comes is an unknown outcome. */
  readonly writes: boolean
  /** Hand a `refused` answer to the operation instead of ending it there. */
  readonly mayRefuse?: boolean
}

/** What a step is answered with: `refused` only where the step allows it. */
export type Reply = Extract<Answer, { is: 'ok' | 'refused' }>

/** Part of an operation: it yields requests and gets the platform's answers. */
export type Talk<T> = Generator<Step, T, Reply>

/**
 * An operation as a pure conversation that returns what it came to. Any answer that is no {@link Reply} ends it: the
 * runner turns it into a {@link Failure}.
 */
export type Conversation<T> = Talk<Outcome<T>>

export interface Placed<Memo> {
  /** The platform's name for what was changed. */
  readonly platformRef: string
  /** What is worth knowing at the next bid on this campaign. */
  readonly memo: Memo
}

/** What reading an entity back says of a write whose answer was lost. */
export type Verification = 'applied' | 'not_applied' | 'unclear'

/**
 * The write side of one ad platform. Pure: no clock, no I/O, no logging. A connector may assume that
 *   1. the intent names a campaign of this account and its currency;
 *   2. the amount is already held;
 *   3. authentication, deadlines, rate limits and classing of errors happen around it.
 */
export interface Connector<Memo> {
  /** Proves that the credentials work, changing nothing. */
  connect(): Conversation<{ readonly account: string }>
  /**
   * Places the bid. All requests before the last change nothing.
   * @param memo what an earlier bid on the campaign left; undefined at the first
   */
  placeBid(intent: BidIntent, memo: Memo | undefined): Conversation<Placed<Memo>>
  /** Reads back what an unanswered `placeBid` may have changed. Undefined where the platform has nothing to read. */
  verifyBid: ((intent: BidIntent, memo: Memo | undefined) => Conversation<Verification>) | undefined
  /** The campaign's daily budget now; undefined when it has none of its own. */
  readCampaignBudget(campaignId: string): Conversation<Micros | undefined>
  updateCampaignBudget(
    campaignId: string,
    dailyBudget: Micros,
  ): Conversation<{ readonly platformRef: string }>
  setCampaignStatus(
    campaignId: string,
    status: 'active' | 'paused',
  ): Conversation<{ readonly platformRef: string }>
}
