import type { Micros } from '../../money.ts'
import type { Failure, Outcome } from '../../outcome.ts'
import type { Protocol } from './answer.ts'
import type { AskStep, Reply } from './steps.ts'

/** An account that can be bid on, in the currency that is configured. */
export interface Connected {
  readonly account: string
  /** The zone whose days the platform counts spend by, as an IANA name; undefined where it does not say. */
  readonly timezone?: string | undefined
}

/** A decided bid as a connector gets it. Its money is held before the first request is sent. */
export interface BidIntent {
  /** Short id that the platform echoes: at most 16 characters of [0-9a-z]. The explanation is never sent. */
  readonly decisionId: string
  readonly campaignId: string
  readonly customerId: string
  readonly bid: Micros
  readonly predictedLtv: Micros
  /** 0 to 1. */
  readonly confidence: number | undefined
  readonly source: 'ai' | 'fallback'
  /** ISO 4217 code, the same as the account's. */
  readonly currency: string
  /** Organisation that pays; undefined for the operator. */
  readonly org?: number | undefined
  /** Id of the API key whose own budget pays too; undefined where it has none. */
  readonly payingKey?: string | undefined
}

/**
 * An operation on a platform as a pure conversation that returns its outcome. It gets a refusal as a reply only where its
 * step allows that. Any other answer than `ok` ends it with the {@link Failure} of the answer's class. An exception ends
 * it too: as `refused` for a `TalkRefused`, as `unavailable` for others, and as `unknown` once something was changed.
 */
export type Operation<T> = Generator<AskStep, Outcome<T>, OperationReply>
export type OperationReply = Extract<Reply, { is: 'ok' | 'refused' }>

export const accepted = <T>(value: T): Outcome<T> => ({ is: 'accepted', value })

/** Failures found inside an operation; see {@link Failure}. */
export const refused = (detail: string): Failure => ({ is: 'refused', detail })
/** For an unreadable answer to a read: nothing was changed. */
export const unavailable = (detail: string): Failure => ({ is: 'unavailable', detail })
/** For an unreadable answer to a write: the outcome is unknown. */
export const unknown = (detail: string): Failure => ({ is: 'unknown', detail })

export interface Placed<Memo> {
  /** The platform's name of the changed object. */
  readonly platformRef: string
  /** What the next bid on this campaign can use. */
  readonly memo: Memo
}

/** Credentials of the account that is bid on. Secrets: never in a log or an answer. */
export type BidCredentials =
  | { readonly is: 'access_token'; readonly accessToken: string }
  | ({ readonly is: 'refresh_token' } & RefreshCredentials)

/** For access tokens from an OAuth 2.0 refresh token (RFC 6749 section 6). */
export interface RefreshCredentials {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/** How bids are placed at a platform, on an account of the configuration. */
export interface Bids<Account, Memo> {
  readonly protocol: Protocol
  credentialsOf(account: Account): BidCredentials
  /** @param currency ISO 4217 code of the account */
  create(account: Account, currency: string): BidConnector<Memo>
}

/** What reading back says about a write whose answer was lost. */
export type Verification = 'applied' | 'not_applied' | 'unclear'

/**
 * Places bids and makes changes on one ad platform. It is pure: no clock, no I/O, no logging. A connector may assume
 * that
 * 1. the intent names a campaign of this account and its currency;
 * 2. the amount is already held;
 * 3. its runner does authentication, deadlines, rate limits and the classing of errors.
 */
export interface BidConnector<Memo> {
  /** Tests the credentials without changing anything. */
  connect(): Operation<Connected>
  /** Asks whether the credentials work at all, after one request was forbidden. Changes nothing. */
  checkGrant(): Operation<unknown>
  /**
   * Places the bid. Requests before the last one change nothing.
   * @param memo what an earlier bid on the campaign left; undefined for the first bid
   * @param onFound called with what a look-up has found before the write
   */
  placeBid(
    intent: BidIntent,
    memo: Memo | undefined,
    onFound?: (before: Memo) => void,
  ): Operation<Placed<Memo>>
  /** Decision id of the last bid on a campaign, from what a look-up found; undefined where a platform echoes none. */
  readonly lastBidOf?: (standing: Memo) => string
  /** Reads back what a `placeBid` without an answer may have changed. Undefined where nothing can be read back. */
  verifyBid: ((intent: BidIntent, memo: Memo | undefined) => Operation<Verification>) | undefined
  /** Present daily budget of the campaign; undefined when it has none of its own. */
  readCampaignBudget(campaignId: string): Operation<Micros | undefined>
  updateCampaignBudget(campaignId: string, dailyBudget: Micros): Operation<{ readonly platformRef: string }>
  setCampaignStatus(
    campaignId: string,
    status: 'active' | 'paused',
  ): Operation<{ readonly platformRef: string }>
}
