import { once } from 'node:events'
import { type ResourceLimits, Worker } from 'node:worker_threads'
import { DiskError, type WriteFailure } from './disk-error.ts'
import type { ThreadMessage, ThreadOrder, Traffic } from './thread-messages.ts'

/** How long an exiting process waits for each file to be closed. */
const CLOSE_MS = 10_000
/** Threads whose files are open. */
const open = new Set<{ closeNow(): void }>()

/**
 * Closes the files however this process ends, except by a kill. Otherwise SQLite would remove the log when the thread
 * ends, while the use record still says `open`: the next start would take that for a lost log.
 */
process.once('exit', () => {
  for (const thread of open) thread.closeNow()
})

/** Starts and ends threads. Tests replace `start`, and have files written by their own thread. */
export const diskThreads = {
  start: (program: URL, memory: ResourceLimits): Worker =>
    new Worker(MAIN, { workerData: program.href, resourceLimits: memory }),
  /** Ends a thread whose file is closed or could not be opened. */
  async end(worker: Worker): Promise<void> {
    const ended = once(worker, 'exit')
    worker.postMessage(END)
    await ended
  },
}
const MAIN = new URL('./thread-main.ts', import.meta.url)
const END: ThreadOrder<Traffic> = { do: 'end' }

/** The result of a write. */
export type WriteOutcome = { readonly is: 'written' } | WriteFailure

/** The event loop's side of a thread that writes a file. One write at a time. */
export class DiskThread<T extends Traffic> {
  readonly #worker: Worker
  /** What the program returned when it opened the file. Rejects with {@link DiskError}. */
  readonly opened: Promise<T['opened']>
  readonly #onFailure: (failure: WriteFailure) => void
  #writing: ((outcome: WriteOutcome) => void) | undefined
  readonly #asking = new Map<number, PromiseWithResolvers<T['answer']>>()
  #questions = 0
  readonly #closed = Promise.withResolvers<void>()
  readonly #name: string
  /** Shared with the thread: 1 once the file is closed. */
  readonly #isClosed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  /** The reason, once the thread has ended or can no longer be used. */
  #lost: string | undefined

  /**
   * @param name name of the file, for messages
   * @param program the thread's module; it exports `open`, an `OpenFile`
   * @param how argument for the program: what it opens
   * @param onFailure called on a failure outside a write
   * @param memory memory limits of the thread; it ends if it needs more
   */
  constructor(
    name: string,
    program: URL,
    how: unknown,
    onFailure: (failure: WriteFailure) => void,
    memory: ResourceLimits = {},
  ) {
    this.#name = name
    this.#onFailure = onFailure
    this.#worker = diskThreads.start(program, memory)
    open.add(this)
    const opened = Promise.withResolvers<T['opened']>()
    this.opened = opened.promise
    this.#worker.on('message', (message: ThreadMessage<T>) => this.#heard(message, opened))
    this.#worker.on('error', (error) => this.#end(`failed: ${error.message}`, opened))
    this.#worker.on('exit', () => this.#end('has ended', opened))
    this.#order({ do: 'open', how, isClosed: this.#isClosed })
  }

  /** Whether the thread has ended or can no longer be used; then nothing is written or answered. */
  get isLost(): boolean {
    return this.#lost !== undefined
  }

  write(batch: T['batch']): Promise<WriteOutcome> {
    if (this.#lost !== undefined) return Promise.resolve({ is: 'broken', detail: this.#lost })
    const { promise, resolve } = Promise.withResolvers<WriteOutcome>()
    this.#writing = resolve
    this.#order({ do: 'append', batch })
    return promise
  }

  /** Sends a question to the thread. Rejects with the thread's error, including its `code` and SQLite's `errcode`. */
  ask(question: T['question']): Promise<T['answer']> {
    if (this.#lost !== undefined) return Promise.reject(new Error(this.#lost))
    const id = ++this.#questions
    const asked = Promise.withResolvers<T['answer']>()
    this.#asking.set(id, asked)
    this.#order({ do: 'read', id, question })
    return asked.promise
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<void> {
    if (this.#lost === undefined) this.#order({ do: 'close' })
    await this.#closed.promise
  }

  /** Like {@link close}, but synchronous: blocks until the file is closed, at most `CLOSE_MS`. */
  closeNow(): void {
    this.#order({ do: 'close' })
    Atomics.wait(this.#isClosed, 0, 0, CLOSE_MS)
  }

  #order(order: ThreadOrder<T>): void {
    this.#worker.postMessage(order)
  }

  #heard(message: ThreadMessage<T>, opened: PromiseWithResolvers<T['opened']>): void {
    switch (message.is) {
      case 'opened':
        opened.resolve(message.opened)
        break
      case 'not_opened':
        opened.reject(
          message.fault ? new DiskError(message.fault, message.message) : new Error(message.message),
        )
        void this.#leave(opened)
        break
      case 'written':
        this.#answer(message)
        break
      case 'not_written':
        this.#answer(message.failure)
        break
      case 'read':
        this.#asking.get(message.id)?.resolve(message.answer)
        this.#asking.delete(message.id)
        break
      case 'not_read':
        this.#asking.get(message.id)?.reject(Object.assign(new Error(message.message), message.codes))
        this.#asking.delete(message.id)
        break
      case 'closed':
        void this.#leave(opened)
        break
    }
  }

  #answer(outcome: WriteOutcome): void {
    const resolve = this.#writing
    this.#writing = undefined
    if (resolve) resolve(outcome)
    else if (outcome.is !== 'written') this.#onFailure(outcome)
  }

  /** Ends the thread after its file was closed or could not be opened. */
  async #leave(opened: PromiseWithResolvers<T['opened']>): Promise<void> {
    await diskThreads.end(this.#worker)
    this.#end('has ended', opened)
  }

  #end(why: string, opened: PromiseWithResolvers<T['opened']>): void {
    open.delete(this)
    if (this.#lost !== undefined) return
    const detail = `the thread that writes the ${this.#name} ${why}`
    this.#lost = detail
    opened.reject(new Error(detail))
    this.#answer({ is: 'broken', detail })
    for (const { reject } of this.#asking.values()) reject(new Error(detail))
    this.#asking.clear()
    this.#closed.resolve()
  }
}
