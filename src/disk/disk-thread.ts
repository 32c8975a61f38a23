import { Worker } from 'node:worker_threads'
import { DiskError, type WriteFailure } from './disk-error.ts'
import type { Order, ThreadData, Word } from './serve-thread.ts'

/** How long a process that ends waits for a file to be closed. */
const CLOSE_MS = 10_000
/** Threads whose files are open. */
const open = new Set<{ closeNow(): void }>()

/**
 * However this process ends, short of being killed: SQLite closes the file with the thread and removes its log, and
 * without a word in the record of its use that would look like a log that was lost.
 */
process.once('exit', () => {
  for (const thread of open) thread.closeNow()
})

/** What came of a write. */
export type Outcome = { readonly is: 'written' } | WriteFailure

/** What is written in one go, what is asked, and the answers: each clones and travels as a message. */
export interface Traffic {
  readonly opened: unknown
  readonly batch: unknown
  readonly question: unknown
  readonly answer: unknown
}

/** A thread that writes a file, as seen from the event loop. One write at a time. */
export class DiskThread<T extends Traffic> {
  readonly #worker: Worker
  /** What the file held when it was opened. Rejects with {@link DiskError}. */
  readonly opened: Promise<T['opened']>
  readonly #onFailure: (failure: WriteFailure) => void
  #writing: ((outcome: Outcome) => void) | undefined
  readonly #asking = new Map<number, PromiseWithResolvers<T['answer']>>()
  #questions = 0
  readonly #closed = Promise.withResolvers<void>()
  readonly #name: string
  /** Not 0 once the file is closed. */
  readonly #isClosed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  /** Set once the thread has ended, or can be used no more. */
  #lost: string | undefined

  /**
   * @param name of the file, for messages
   * @param program of the thread: it calls `serveThread`
   * @param how what the program opens
   * @param onFailure told of a failure that no write was waiting for
   */
  constructor(name: string, program: URL, how: unknown, onFailure: (failure: WriteFailure) => void) {
    this.#name = name
    this.#onFailure = onFailure
    const workerData: ThreadData = { how, isClosed: this.#isClosed }
    this.#worker = new Worker(program, { workerData })
    open.add(this)
    const opened = Promise.withResolvers<T['opened']>()
    this.opened = opened.promise
    this.#worker.on('message', (word: Word<T>) => this.#heard(word, opened))
    this.#worker.on('error', (error) => this.#end(`failed: ${error.message}`, opened))
    this.#worker.on('exit', () => this.#end('has ended', opened))
  }

  /** Whether the thread has ended: nothing is written or answered any more. */
  get isLost(): boolean {
    return this.#lost !== undefined
  }

  write(batch: T['batch']): Promise<Outcome> {
    if (this.#lost !== undefined) return Promise.resolve({ is: 'broken', detail: this.#lost })
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.#writing = resolve
    this.#order({ do: 'append', batch })
    return promise
  }

  /** Rejects when it cannot be done, with the error's `code` and SQLite's `errcode`. */
  ask(question: T['question']): Promise<T['answer']> {
    if (this.#lost !== undefined) return Promise.reject(new Error(this.#lost))
    const id = ++this.#questions
    const asked = Promise.withResolvers<T['answer']>()
    this.#asking.set(id, asked)
    this.#order({ do: 'read', id, question })
    return asked.promise
  }

  /** Lets the file go and ends the thread. */
  async close(): Promise<void> {
    if (this.#lost === undefined) this.#order({ do: 'close' })
    await this.#closed.promise
  }

  /** As {@link close}, without another turn of the event loop. */
  closeNow(): void {
    this.#order({ do: 'close' })
    Atomics.wait(this.#isClosed, 0, 0, CLOSE_MS)
  }

  #order(order: Order<T>): void {
    this.#worker.postMessage(order)
  }

  #heard(word: Word<T>, opened: PromiseWithResolvers<T['opened']>): void {
    switch (word.is) {
      case 'opened':
        opened.resolve(word.opened)
        break
      case 'not_opened':
        opened.reject(word.fault ? new DiskError(word.fault, word.message) : new Error(word.message))
        break
      case 'written':
        this.#answer(word)
        break
      case 'not_written':
        this.#answer(word.failure)
        break
      case 'read':
        this.#asking.get(word.id)?.resolve(word.answer)
        this.#asking.delete(word.id)
        break
      case 'not_read':
        this.#asking.get(word.id)?.reject(Object.assign(new Error(word.message), word.codes))
        this.#asking.delete(word.id)
        break
      case 'closed':
        break
    }
  }

  #answer(outcome: Outcome): void {
    const resolve = this.#writing
    this.#writing = undefined
    if (resolve) resolve(outcome)
    else if (outcome.is !== 'written') this.#onFailure(outcome)
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
