import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { WriteFailure } from './disk-error.ts'
import type { Outcome } from './disk-thread.ts'

/** Whether anything is written. */
export type DiskState =
  | { readonly is: 'open' }
  /** What was refused is written as soon as there is space, before anything else. */
  | { readonly is: 'full'; readonly detail: string }
  /** What is on the disk is read again first: by {@link Options.reopen}, and where there is none by the next start. */
  | { readonly is: 'broken'; readonly detail: string }
  | { readonly is: 'closed'; readonly detail: string }

/** A full disk is tried again this often, and a file that cannot be used is opened anew. */
const RETRY_MS = 1_000

/** Entries that go to the disk together, and those who wait for it. */
interface Batch<E> {
  readonly entries: E[]
  readonly written: PromiseWithResolvers<void>
}

/** What writes a batch, one at a time. */
interface Writer<E> {
  write(entries: readonly E[]): Promise<Outcome>
  close(): Promise<void>
}

interface Options {
  readonly clock: Clock
  /** What a refused entry is rejected with. */
  readonly refusal: (detail: string) => Error
  /** Called whenever something is on the disk, also what was refused at first. */
  readonly onWritten?: () => void
  /**
   * Opens the file of a broken writer anew, reading what is on the disk; rejects while it cannot. What was refused is
   * written again then, so entries of which some are on the disk already must do no harm.
   */
  readonly reopen?: () => Promise<void>
}

/** Writes what comes in one turn of the event loop, or during the write before, in one commit. */
export class GroupCommit<E> {
  readonly #writer: Writer<E>
  readonly #options: Options
  #state: DiskState = { is: 'open' }
  /** Being filled, and being written. */
  #next: Batch<E> | undefined
  #writing: Batch<E> | undefined
  /** Refused since it could not be written; goes first. */
  #kept: E[] = []

  constructor(writer: Writer<E>, options: Options) {
    this.#writer = writer
    this.#options = options
  }

  get state(): DiskState {
    return this.#state
  }

  /** @throws the refusal while nothing is written */
  assertOpen(): void {
    if (this.#state.is !== 'open') throw this.#options.refusal(this.#state.detail)
  }

  /**
   * Resolves when the entries are on the disk, all or none. Rejects with the refusal when they cannot be written now;
   * they may be all the same, once there is space.
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

  /** Resolves when everything that was appended before is on the disk. */
  async flushed(): Promise<void> {
    await (this.#next ?? this.#writing)?.written.promise
  }

  /** Writes what is under way, and ends. */
  async close(): Promise<void> {
    await this.flushed().catch(() => {})
    this.#state = { is: 'closed', detail: 'it is closed' }
    await this.#writer.close()
  }

  /** To be told of what goes wrong between two writes. */
  fail(failure: WriteFailure): void {
    if (this.#state.is === 'closed' || this.#state.is === 'broken') return
    this.#stopUntilRetried(failure)
    const waiting = this.#next
    this.#next = undefined
    if (waiting) this.#refuse(waiting, failure.detail)
  }

  #stopUntilRetried(failure: WriteFailure): void {
    this.#state = failure
    const { clock, reopen } = this.#options
    if (failure.is === 'full') clock.after(RETRY_MS, () => this.#retry(failure))
    else if (reopen) clock.after(RETRY_MS, () => this.#reopen(failure, reopen))
  }

  async #reopen(failure: WriteFailure, reopen: () => Promise<void>): Promise<void> {
    if (this.#state !== failure) return
    try {
      await reopen()
    } catch (error) {
      if (this.#state === failure) this.#stopUntilRetried({ is: 'broken', detail: messageOf(error) })
      return
    }
    await this.#retry(failure)
  }

  #batch(): Batch<E> {
    if (this.#next) return this.#next
    const batch: Batch<E> = { entries: [], written: Promise.withResolvers() }
    // Each of those who wait is told; nobody may be waiting.
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
    const written = await this.#writer.write(batch.entries)
    this.#writing = undefined
    if (written.is === 'written') {
      batch.written.resolve()
      this.#options.onWritten?.()
      this.#write()
    } else {
      this.#refuse(batch, written.detail)
      this.fail(written)
    }
  }

  #refuse({ entries, written }: Batch<E>, detail: string): void {
    this.#kept.push(...entries)
    written.reject(this.#options.refusal(detail))
  }

  /** Writes what was kept since this failure, in the order it came; then more is taken. */
  async #retry(failure: WriteFailure): Promise<void> {
    if (this.#state !== failure) return
    const kept = this.#kept
    this.#kept = []
    const written = await this.#writer.write(kept)
    if (written.is !== 'written') {
      this.#kept = [...kept, ...this.#kept]
      if (this.#state === failure) this.#stopUntilRetried(written)
      return
    }
    this.#options.onWritten?.()
    // More may have been refused meanwhile.
    if (this.#kept.length > 0) await this.#retry(failure)
    else if (this.#state === failure) this.#state = { is: 'open' }
  }
}
