import { Worker } from 'node:worker_threads'
import type { JournalEntry } from './journal-entry.ts'
import { LedgerError, type WriteFailure } from './sqlite-error.ts'
import type { Row } from './sqlite-file.ts'
import type { OpenedLedger, OpenLedger } from './sqlite-ledger.ts'
import type { Order, Word } from './sqlite-worker.ts'

/** How long a process that ends waits for a ledger to be closed. */
const CLOSE_MS = 10_000
/** Threads whose ledgers are open. */
const open = new Set<LedgerThread>()

/**
 * However this process ends, short of being killed: SQLite closes the file with the thread and removes its log, and
 * without a word in the record of its use that would look like a log that was lost.
 */
process.once('exit', () => {
  for (const thread of open) thread.closeNow()
})

/** What came of a write. */
export type Written = { readonly is: 'written' } | WriteFailure

/** The thread that writes the ledger, as seen from the event loop. One write at a time. */
export class LedgerThread {
  readonly #worker: Worker
  readonly opened: Promise<OpenedLedger>
  readonly #onFailure: (failure: WriteFailure) => void
  #writing: ((written: Written) => void) | undefined
  readonly #reading = new Map<number, PromiseWithResolvers<Word>>()
  #reads = 0
  readonly #closed = Promise.withResolvers<void>()
  /** Not 0 once the ledger is closed. */
  readonly #isClosed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  /** Set once the thread has ended, or can be used no more. */
  #lost: string | undefined

  /** @param onFailure told of a failure that no write was waiting for */
  constructor(how: OpenLedger, onFailure: (failure: WriteFailure) => void) {
    this.#onFailure = onFailure
    const isClosed = this.#isClosed
    this.#worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData: { how, isClosed },
    })
    open.add(this)
    const opened = Promise.withResolvers<OpenedLedger>()
    this.opened = opened.promise
    this.#worker.on('message', (word: Word) => this.#heard(word, opened))
    this.#worker.on('error', (error) =>
      this.#end(`the thread that writes the ledger failed: ${error.message}`, opened),
    )
    this.#worker.on('exit', () => this.#end('the thread that writes the ledger has ended', opened))
  }

  write(entries: readonly JournalEntry[]): Promise<Written> {
    if (this.#lost !== undefined) return Promise.resolve({ is: 'broken', detail: this.#lost })
    const { promise, resolve } = Promise.withResolvers<Written>()
    this.#writing = resolve
    this.#order({ do: 'append', entries })
    return promise
  }

  /** Rows numbered `after + 1` to `upTo`. */
  async slice(after: number, upTo: number): Promise<readonly Row[]> {
    const word = await this.#ask({ do: 'slice', id: ++this.#reads, after, upTo })
    return word.is === 'slice' ? word.rows : []
  }

  /** Numbers of the first and the last entry on the disk. */
  async range(): Promise<{ first: number; last: number }> {
    const word = await this.#ask({ do: 'range', id: ++this.#reads })
    return word.is === 'range' ? word : { first: 0, last: 0 }
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

  #order(order: Order): void {
    this.#worker.postMessage(order)
  }

  #ask(order: Order & { id: number }): Promise<Word> {
    if (this.#lost !== undefined) return Promise.reject(new Error(this.#lost))
    const answer = Promise.withResolvers<Word>()
    this.#reading.set(order.id, answer)
    this.#order(order)
    return answer.promise
  }

  #heard(word: Word, opened: PromiseWithResolvers<OpenedLedger>): void {
    switch (word.is) {
      case 'opened':
        opened.resolve(word.opened)
        break
      case 'not_opened':
        opened.reject(word.fault ? new LedgerError(word.fault, word.message) : new Error(word.message))
        break
      case 'written':
        this.#answer(word)
        break
      case 'not_written':
        this.#answer(word.failure)
        break
      case 'slice':
      case 'range':
        this.#reading.get(word.id)?.resolve(word)
        this.#reading.delete(word.id)
        break
      case 'not_read':
        this.#reading.get(word.id)?.reject(new Error(word.message))
        this.#reading.delete(word.id)
        break
      case 'closed':
        break
    }
  }

  #answer(written: Written): void {
    const resolve = this.#writing
    this.#writing = undefined
    if (resolve) resolve(written)
    else if (written.is !== 'written') this.#onFailure(written)
  }

  #end(detail: string, opened: PromiseWithResolvers<OpenedLedger>): void {
    open.delete(this)
    if (this.#lost !== undefined) return
    this.#lost = detail
    opened.reject(new Error(detail))
    this.#answer({ is: 'broken', detail })
    for (const { reject } of this.#reading.values()) reject(new Error(detail))
    this.#reading.clear()
    this.#closed.resolve()
  }
}
