/** An entry of the records. `text` and `bits` are opaque here; only the writer knows their meaning. */
export type Entry =
  /** A bid. Replaces an entry with the same `bidId`. */
  | {
      readonly put: 'bid'
      readonly bidId: string
      /** Time of the bid: wall-clock ms since the epoch. */
      readonly atMs: number
      /** Whether the bid has not ended; the next start gets such bids in {@link Recovered.open}. */
      readonly isOpen: boolean
      readonly text: string
      /** What the bid spent, in micros, and who paid; undefined if it spent nothing. */
      readonly spent: BidSpend | undefined
    }
  /** The answer of an idempotency key. Replaces an entry with the same key. Kept for {@link KEY_MS}. */
  | { readonly put: 'key'; readonly key: string; readonly atMs: number; readonly text: string }
  | { readonly put: 'no_key'; readonly key: string }
  /** A page of notice marks of an owner's bids. Replaces the same page. */
  | {
      readonly put: 'seen'
      readonly owner: string
      readonly page: number
      readonly atMs: number
      readonly bits: Uint8Array
    }
  /** An owner; written before it holds money. */
  | { readonly put: 'owner'; readonly owner: string }
  /** Deletes an owner of an earlier start and its holds. */
  | { readonly put: 'no_owner'; readonly owner: string }
  /** A hold; written before it is used. */
  | { readonly put: 'hold'; readonly owner: string; readonly hold: KeptHold }
  | {
      readonly put: 'settled_hold'
      readonly owner: string
      readonly number: number
      readonly settledBefore: number
    }
  | { readonly put: 'no_hold'; readonly owner: string; readonly number: number }
  /** Deletes settled holds that the store has counted. `counted` is the highest `settledBefore` among them. */
  | {
      readonly put: 'counted_holds'
      readonly owner: string
      readonly numbers: readonly number[]
      readonly counted: number
    }
  /** A campaign. Replaces an entry with the same id. */
  | ({ readonly put: 'campaign' } & KeptText)
  | { readonly put: 'no_campaign'; readonly id: string }
  /** An API key that was made at run time. Replaces an entry with the same id. */
  | ({ readonly put: 'api_key' } & KeptText)
  | { readonly put: 'no_api_key'; readonly id: string }
  /** A notification that the operator has yet to get. Replaces an entry with the same id. */
  | ({ readonly put: 'notification' } & KeptText)
  | { readonly put: 'no_notification'; readonly id: string }
  /** What was asked for and needs an approval. Replaces an entry with the same id. */
  | ({ readonly put: 'approval' } & KeptText)
  | { readonly put: 'no_approval'; readonly id: string }
  /** A change: who did what. Replaces an entry with the same id. */
  | {
      readonly put: 'change'
      readonly id: string
      readonly atMs: number
      /** The caller's organisation. */
      readonly org: number
      readonly action: string
      readonly target: string
      readonly caller: string
      /** Whether there are many changes of this kind (uploads). They are limited separately and never push out others. */
      readonly isRoutine: boolean
      readonly text: string
    }
  /** A fact about this start that the next one compares. Replaces an entry with the same id. */
  | ({ readonly put: 'fact' } & KeptText)

/** A recorded hold; `amount` is in micros. `RecordedHold` of the shield defines the numbers. */
export interface KeptHold {
  readonly number: number
  readonly scopes: readonly string[]
  readonly amount: number
  readonly settledBefore: number | undefined
}

export interface KeptOwner {
  readonly owner: string
  /** The highest number of a hold ever written; 0 for none. */
  readonly upTo: number
  /** The highest `counted` of the owner's `counted_holds` entries; 0 for none. */
  readonly counted: number
  readonly holds: readonly KeptHold[]
}

/** The owners in one records file. */
export interface KeptOwners {
  /** Id of the file, unique among all files. */
  readonly id: string
  readonly owners: readonly KeptOwner[]
}

/** An entry that is not deleted for its age: it stays until its writer deletes it. */
export interface KeptText {
  readonly id: string
  readonly text: string
}

export interface Payment {
  readonly payer: string
  readonly amount: number
}

/** What one bid spent. */
export interface BidSpend extends Payment {
  /** Where its value came from, as its writer calls it. */
  readonly source: string
  /** Whether nobody can say if the platform did it; it counts as spent. */
  readonly isUnknown: boolean
}

/** What bids of one payer and source spent. */
export interface SpentPart extends Payment {
  /** Null for bids of versions that did not record it. */
  readonly source: string | null
  readonly bids: number
  /** How many of `bids` have an unknown outcome: nobody can say whether the platform did them. */
  readonly unknown: number
}

/** A stretch of a time span, with what was spent in it. */
export interface SpentPage {
  readonly parts: readonly SpentPart[]
  /** Where the next page begins; undefined after the last. */
  readonly nextMs: number | undefined
  /** Bids before this time may have been deleted already; undefined where none ever was. */
  readonly keptFromMs: number | undefined
}

/** Which changes to return; a field that is left out does not filter. */
export interface ChangesQuery {
  /** Only changes with a lower number. */
  readonly before?: number | undefined
  readonly limit: number
  readonly org?: number | undefined
  readonly action?: string | undefined
  readonly targets?: readonly string[] | undefined
  readonly caller?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

export interface ChangesPage {
  /** Latest first; `text` is undefined for a damaged row. */
  readonly changes: readonly { readonly id: string; readonly text: string | undefined }[]
  /** The `before` of the next page; undefined if this is the last one. */
  readonly next?: number
}

/** How long an idempotency key is honoured. */
export const KEY_MS = 24 * 3_600_000

/** What the records hold from earlier starts. */
export interface Recovered {
  /** Texts of the latest bids, oldest first. */
  readonly latest: readonly string[]
  /** Texts of all bids that had not ended, oldest first. */
  readonly open: readonly string[]
  /** Wall-clock time of the newest idempotency key; undefined if there is none. */
  readonly lastKeyMs: number | undefined
  readonly seen: readonly { readonly owner: string; readonly page: number; readonly bits: Uint8Array }[]
  readonly campaigns: readonly KeptText[]
  readonly apiKeys: readonly KeptText[]
  readonly notifications: readonly KeptText[]
  readonly approvals: readonly KeptText[]
  readonly facts: readonly KeptText[]
  /** Undefined for records that end with the process. */
  readonly owners: KeptOwners | undefined
  /** Names of damaged rows. They are left out of everything above and stay in the file. */
  readonly damaged: readonly string[]
  /** Owners whose pages of notice marks below the number `below` were deleted for age or size. */
  readonly forgotten: readonly { readonly owner: string; readonly below: number }[]
}

/** Whether records can be written. */
export type RecordsState = { readonly is: 'open' } | { readonly is: 'away'; readonly detail: string }

/** The error while records cannot be written or read. */
export class RecordsUnavailable extends Error {
  override readonly name = 'RecordsUnavailable'
}

/**
 * What must survive the process: decisions, idempotency keys, notices and more. All arguments can be sent as messages, so
 * an implementation can be in a thread or in another process.
 */
export interface Records {
  /** Whether the records survive the process; if not, entries other than changes need not be appended. */
  readonly lasts: boolean
  readonly state: RecordsState
  /**
   * Resolves when the entries are stored durably, all or none. Rejects with {@link RecordsUnavailable} if that is impossible
   * now; the entries are then written later, in order, once it is possible.
   */
  append(entries: readonly Entry[]): Promise<void>
  /** Returns what earlier starts have left. Call it before the first {@link append}. */
  recover(): Promise<Recovered>
  /** The text of a bid or key; undefined if there is none. Rejects with {@link RecordsUnavailable} if it cannot be read. */
  find(what: 'bid' | 'key', name: string): Promise<string | undefined>
  /** A page of changes, latest first. Rejects with {@link RecordsUnavailable} if they cannot be read. */
  changes(query: ChangesQuery): Promise<ChangesPage>
  /** How many changes are kept. Rejects with {@link RecordsUnavailable} if they cannot be counted. */
  changeCount(): Promise<number>
  /** Spend in micros by payer, of bids with `fromMs` ≤ time < `toMs` (wall-clock ms). */
  spentBetween(fromMs: number, toMs: number): Promise<readonly Payment[]>
  /**
   * Spend of bids with `fromMs` ≤ time < `toMs`, by payer and source. A page covers only the first of these bids, so
   * that no answer takes long. Rejects with {@link RecordsUnavailable} if it cannot be read.
   */
  spentPage(fromMs: number, toMs: number): Promise<SpentPage>
  close(): Promise<void>
}

export const NOTHING: Recovered = {
  latest: [],
  open: [],
  lastKeyMs: undefined,
  seen: [],
  campaigns: [],
  apiKeys: [],
  notifications: [],
  approvals: [],
  facts: [],
  owners: undefined,
  damaged: [],
  forgotten: [],
}
