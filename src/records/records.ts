/** What is kept. Texts and bits mean something to whoever keeps them; here they are only found again. */
export type Entry =
  /** The same `bidId` again takes the place of the one before. */
  | {
      readonly put: 'bid'
      readonly bidId: string
      /** Of the bid, by the wall clock. */
      readonly atMs: number
      /** Whether something is still to come of it; such bids are named at the next start. */
      readonly isOpen: boolean
      readonly text: string
      /** What it spent, in micros, and who paid; undefined where it spent nothing. */
      readonly spent: Payment | undefined
    }
  /** Of an idempotency key; the same again takes the place of the one before. Kept for {@link KEY_MS}. */
  | { readonly put: 'key'; readonly key: string; readonly atMs: number; readonly text: string }
  | { readonly put: 'no_key'; readonly key: string }
  /** A page of marks of an owner's bids, in place of the one before. */
  | {
      readonly put: 'seen'
      readonly owner: string
      readonly page: number
      readonly atMs: number
      readonly bits: Uint8Array
    }
  /** An owner of budgets, before it holds any. */
  | { readonly put: 'owner'; readonly owner: string }
  /** Forgets an owner of an earlier start, with its holds. */
  | { readonly put: 'no_owner'; readonly owner: string }
  /** A hold of it, before anything is done with it. */
  | { readonly put: 'hold'; readonly owner: string; readonly hold: KeptHold }
  | {
      readonly put: 'settled_hold'
      readonly owner: string
      readonly number: number
      readonly settledBefore: number
    }
  | { readonly put: 'no_hold'; readonly owner: string; readonly number: number }
  /** Settled holds that are counted elsewhere, the latest before this number. */
  | {
      readonly put: 'counted_holds'
      readonly owner: string
      readonly numbers: readonly number[]
      readonly counted: number
    }
  /** What to bid on; the same id again takes the place of the one before. */
  | ({ readonly put: 'campaign' } & KeptText)
  | { readonly put: 'no_campaign'; readonly id: string }

/** A hold of money, in micros; what its numbers mean, its owner knows. */
export interface KeptHold {
  readonly number: number
  readonly scopes: readonly string[]
  readonly amount: number
  readonly settledBefore: number | undefined
}

export interface KeptOwner {
  readonly owner: string
  /** The highest number of a hold that was ever kept; 0 for none. */
  readonly upTo: number
  /** The highest `counted`; 0 for none. */
  readonly counted: number
  readonly holds: readonly KeptHold[]
}

/** The owners of a file of records. */
export interface KeptOwners {
  /** Names the file, and never another one. */
  readonly id: string
  readonly owners: readonly KeptOwner[]
}

/** Of entries without an age, which stay until they are taken back. */
export interface KeptText {
  readonly id: string
  readonly text: string
}

export interface Payment {
  readonly payer: string
  readonly amount: number
}

/** An idempotency key is honoured for so long. */
export const KEY_MS = 24 * 3_600_000

/** What earlier starts have left. */
export interface Recovered {
  /** Texts of the latest bids, oldest first. */
  readonly latest: readonly string[]
  /** Texts of all bids that something was still to come of, oldest first. */
  readonly open: readonly string[]
  /** When the newest idempotency key came; undefined when there is none. */
  readonly lastKeyMs: number | undefined
  readonly seen: readonly { readonly owner: string; readonly page: number; readonly bits: Uint8Array }[]
  readonly campaigns: readonly KeptText[]
  /** Undefined where nothing outlives the process. */
  readonly owners: KeptOwners | undefined
  /** Names of what is not what was written. It is left out of everything above, and stays where it is. */
  readonly damaged: readonly string[]
  /** Of these owners, the pages below were deleted for their age or number. */
  readonly forgotten: readonly { readonly owner: string; readonly below: number }[]
}

/** Whether records can be written. */
export type RecordsState = { readonly is: 'open' } | { readonly is: 'away'; readonly detail: string }

/** Thrown, or rejected with, while records cannot be written. */
export class RecordsUnavailable extends Error {
  override readonly name = 'RecordsUnavailable'
}

/**
 * What must not be forgotten: decisions, idempotency keys, notices. All of it travels as messages, so that what keeps it
 * may be in a thread, or in another process.
 */
export interface Records {
  /** Whether anything outlives the process; where nothing does, nothing need be appended. */
  readonly lasts: boolean
  readonly state: RecordsState
  /**
   * Resolves when the entries are kept for good, all or none. Rejects with {@link RecordsUnavailable} when they cannot be
   * now; they are written all the same once that is possible again, in order.
   */
  append(entries: readonly Entry[]): Promise<void>
  /** What earlier starts have left; to be asked before anything is appended. */
  recover(): Promise<Recovered>
  /** Text of a bid or a key as it is kept; undefined when there is none. Rejects with {@link RecordsUnavailable} when it cannot be read. */
  find(what: 'bid' | 'key', name: string): Promise<string | undefined>
  /** Sums by payer of what bids spent that came from one instant to before another, by the wall clock. */
  spentBetween(fromMs: number, toMs: number): Promise<readonly Payment[]>
  close(): Promise<void>
}

const NOTHING: Recovered = {
  latest: [],
  open: [],
  lastKeyMs: undefined,
  seen: [],
  campaigns: [],
  owners: undefined,
  damaged: [],
  forgotten: [],
}

/** Records that end with the process: whoever keeps them has them in memory anyway. */
export const memoryRecords: Records = {
  lasts: false,
  state: { is: 'open' },
  append: async () => {},
  recover: async () => NOTHING,
  find: async () => undefined,
  spentBetween: async () => [],
  close: async () => {},
}
