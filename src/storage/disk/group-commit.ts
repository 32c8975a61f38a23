import { messageOf } from '../../errors.ts'
import type { Clock } from '../../time/clock.ts'
import type { WriteFailure } from './disk-error.ts'
import type { WriteOutcome } from './disk-thread.ts'

/** Whether writes succeed at present. */
export type DiskState =
  | { readonly is: 'open' }
  /** The disk is full. Refused entries are written first once there is space. */
  | { readonly is: 'full'; readonly detail: string }
  /** It is unknown what is on the disk. The file is read again by {@link Options.reopen}, or without it by the next start. */
  | { readonly is: 'broken'; readonly detail: string }
  /** A write does not end. Entries refused since are written once it has ended. */
  | { readonly is: 'stuck'; readonly detail: string }
  | { readonly is: 'closed'; readonly detail: string }

/** How often a full disk is tried again, and a broken file is reopened. */
const RETRY_MS = 1_000
/** How long a write is awaited before its entries are refused. */
const STUCK_MS = 2_000
const STUCK = { is: 'stuck', detail: `the disk has not answered for ${STUCK_MS / 1_000} s` } as const

/** Entries that are written together, and the promise of those who wait for them. */
interface Batch<E> {
  readonly entries: E[]
  readonly written: PromiseWithResolvers<void>
}

/** Writes batches, one at a time. */
interface Writer<E> {
  write(entries: readonly E[]): Promise<WriteOutcome>
  close(): Promise<void>
}

type Reopen<E> = (refused: readonly E[]) => Promise<void>

interface Options<E> {
  readonly clock: Clock
  /** Makes the error with which refused entries are rejected. */
  readonly refusal: (detail: string) => Error
  /** Called after every successful write, also of entries that were refused at first. */
  readonly onWritten?: () => void
  /**
   * Reopens the file of a broken writer and reads what is on the disk; rejects while that is impossible. Refused entries
   * are written again afterwards, so the writer must accept entries that are on the disk already.
   */
  readonly reopen?: Reopen<E>
}

/** Writes all entries of one turn of the event loop, or that came during the previous write, in one commit. */
export class GroupCommit<E> {
  readonly #writer: Writer<E>
  readonly #options: Options<E>
  #state: DiskState = { is: 'open' }
  /** The batch that is being filled, and the one that is being written. */
  #next: Batch<E> | undefined
  #writing: Batch<E> | undefined
  /** Entries that were refused because they could not be written; they are written first. */
  #kept: E[] = []

  constructor(writer: Writer<E>, options: Options<E>) {
    this.#writer = writer
    this.#options = options
  }

  get state(): DiskState {
    return this.#state
  }

  /** @throws the refusal while nothing can be written */
  assertOpen(): void {
    if (this.#state.is !== 'open') throw this.#options.refusal(this.#state.detail)
  }

  /**
   * Resolves when the entries are on the disk, all or none. Rejects with the refusal if they cannot be written now; they may
   * still be written later.
   */
  append(entries: readonly E[]): Promise<void> {
    if (this.#state.is !== 'open') {
      this.#kept.push(...entries)
      return Promise.reject(this.#options.refusal(this.#state.detail))
    }
    const batch = this.#batch()
    batch.entries.push(...entries)
    return batch.written.promise
  }

  /** Resolves when everything appended before is on the disk; rejects if some of it was refused and is not written yet. */
  async flushed(): Promise<void> {
    const isRefused = this.#kept.length > 0 || this.#state.is === 'stuck'
    if (this.#state.is !== 'open' && isRefused) throw this.#options.refusal(this.#state.detail)
    await (this.#next ?? this.#writing)?.written.promise
  }

  /** Finishes the writes under way and closes the writer. */
  async close(): Promise<void> {
    await this.flushed().catch(() => {})
    this.#state = { is: 'closed', detail: 'it is closed' }
    await this.#writer.close()
  }

  /** Reports a failure that happened between two writes. */
  fail(failure: WriteFailure): void {
    if (this.#state.is === 'closed' || this.#state.is === 'broken') return
    this.#stopUntilRetried(failure)
    this.#refuseNext(failure.detail)
  }

  #refuseNext(detail: string): void {
    const waiting = this.#next
    this.#next = undefined
    if (!waiting) return
    this.#kept.push(...waiting.entries)
    waiting.written.reject(this.#options.refusal(detail))
  }

  #stopUntilRetried(failure: WriteFailure): void {
    this.#state = failure
    const { clock, reopen } = this.#options
    if (failure.is === 'full') clock.after(RETRY_MS, () => this.#retry(failure))
    else if (reopen) clock.after(RETRY_MS, () => this.#reopen(failure, reopen))
  }

  async #reopen(failure: WriteFailure, reopen: Reopen<E>): Promise<void> {
    if (this.#state !== failure) return
    try {
      await reopen(this.#kept)
    } catch (error) {
      if (this.#state === failure) this.#stopUntilRetried({ is: 'broken', detail: messageOf(error) })
      return
    }
    await this.#retry(failure)
  }

  #batch(): Batch<E> {
    if (this.#next) return this.#next
    const batch: Batch<E> = { entries: [], written: Promise.withResolvers() }
    // Avoids an unhandled rejection if nobody waits for the batch.
    batch.written.promise.catch(() => {})
    this.#next = batch
    if (!this.#writing) queueMicrotask(() => this.#write())
    return batch
  }

  async #write(): Promise<void> {
    const batch = this.#next
    if (!batch || this.#writing) return
    this.#next = undefined
    this.#writing = batch
    const giveUp = this.#options.clock.after(STUCK_MS, () => this.#giveUp(batch))
    const written = await this.#writer.write(batch.entries)
    giveUp()
    this.#writing = undefined
    if (written.is !== 'written') {
      batch.written.reject(this.#options.refusal(written.detail))
      this.#kept = [...batch.entries, ...this.#kept]
      this.fail(written)
      return
    }
    batch.written.resolve()
    this.#options.onWritten?.()
    if (this.#state === STUCK) await this.#retry(STUCK)
    else this.#write()
  }

  /** Refuses a batch whose write takes too long; it may still be written. */
  #giveUp({ written }: Batch<E>): void {
    if (this.#state.is !== 'open') return
    this.#state = STUCK
    written.reject(this.#options.refusal(STUCK.detail))
    this.#refuseNext(STUCK.detail)
  }

  /** Writes the entries refused since this failure, in order, and then accepts new ones. */
  async #retry(failure: DiskState): Promise<void> {
    if (this.#state !== failure) return
    const kept = [...this.#kept]
    const written = await this.#writer.write(kept)
    if (written.is !== 'written') {
      if (this.#state === failure) this.#stopUntilRetried(written)
      return
    }
    this.#kept.splice(0, kept.length)
    this.#options.onWritten?.()
    // Further entries may have been refused during the write.
    if (this.#kept.length > 0) await this.#retry(failure)
    else if (this.#state === failure) this.#state = { is: 'open' }
  }
}
