import type { Codes, DiskFault, WriteFailure } from './disk-error.ts'

/** The types of the messages between a {@link DiskThread} and its thread; all must be cloneable. */
export interface Traffic {
  readonly opened: unknown
  readonly batch: unknown
  readonly question: unknown
  readonly answer: unknown
}

/** Messages to the thread. */
export type ThreadOrder<T extends Traffic> =
  | {
      /** The first order for a file. The next `open` may come only when this file is closed or could not be opened. */
      readonly do: 'open'
      readonly how: unknown
      /** Set to 1 when the file is closed, or could not be opened. */
      readonly isClosed: Int32Array<SharedArrayBuffer>
    }
  | { readonly do: 'append'; readonly batch: T['batch'] }
  | { readonly do: 'read'; readonly id: number; readonly question: T['question'] }
  | { readonly do: 'close' }
  /** Ends the thread, once its file is closed or could not be opened. */
  | { readonly do: 'end' }

/** Messages from the thread. */
export type ThreadMessage<T extends Traffic> =
  | { readonly is: 'opened'; readonly opened: T['opened'] }
  | { readonly is: 'not_opened'; readonly fault: DiskFault | undefined; readonly message: string }
  | { readonly is: 'written' }
  | { readonly is: 'not_written'; readonly failure: WriteFailure }
  | { readonly is: 'read'; readonly id: number; readonly answer: T['answer'] }
  | { readonly is: 'not_read'; readonly id: number; readonly message: string; readonly codes: Codes }
  | { readonly is: 'closed' }
