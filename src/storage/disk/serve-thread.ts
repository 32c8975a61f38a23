import { flushCompileCache } from 'node:module'
import { messageOf } from '../../errors.ts'
import { codesOf, DiskError, writeFailure } from './disk-error.ts'
import type { ThreadMessage, ThreadOrder, Traffic } from './thread-messages.ts'

/** A file as the thread uses it; all methods are synchronous. */
interface Written<T extends Traffic> {
  /** Writes the batch, all or nothing. It is on the disk when this returns. */
  append(batch: T['batch']): void
  read(question: T['question']): T['answer']
  /** Housekeeping between commits; returns whether more work is due at once. */
  tidy(): boolean
  close(): void
}

interface OpenedFile<T extends Traffic> {
  readonly file: Written<T>
  readonly opened: T['opened']
}

/** Opens the file of a thread: what the module of each kind of file exports as `open`. */
export type OpenFile<T extends Traffic, How> = (how: How) => OpenedFile<T>

/**
 * Returns what carries out the orders of a {@link DiskThread}, one after the other.
 *
 * @param say tells what became of an order
 * @param end ends the thread
 */
export function serveThread<T extends Traffic, How>(
  open: OpenFile<T, How>,
  say: (message: ThreadMessage<T>) => void,
  end: () => void,
): (order: ThreadOrder<T>) => void {
  let served: ServedFile<T> | undefined
  return (order) => {
    switch (order.do) {
      case 'open': {
        // Now, since a kill may end this process: a thread that has to strip types takes 16 MiB more.
        flushCompileCache()
        const { isClosed } = order
        const closed = () => {
          served = undefined
          Atomics.store(isClosed, 0, 1)
          Atomics.notify(isClosed, 0)
        }
        const file = opened(() => open(order.how as How), say)
        if (file) served = new ServedFile(file, say, closed)
        else closed()
        break
      }
      // Orders after `close` find no file. Their callers are told that the thread has ended.
      case 'append':
        served?.append(order.batch)
        break
      case 'read':
        served?.read(order.id, order.question)
        break
      case 'close':
        served?.close()
        break
      case 'end':
        end()
        break
    }
  }
}

/** A file from when it is opened until it is closed. */
class ServedFile<T extends Traffic> {
  readonly #file: Written<T>
  readonly #say: (message: ThreadMessage<T>) => void
  readonly #closed: () => void
  /** Housekeeping that will run after the reads that are waiting already. */
  #tidying: NodeJS.Immediate | undefined

  /** @param closed called when the file is closed, also if closing failed */
  constructor(file: Written<T>, say: (message: ThreadMessage<T>) => void, closed: () => void) {
    this.#file = file
    this.#say = say
    this.#closed = closed
  }

  append(batch: T['batch']): void {
    // Without this, writes that follow each other without a pause would postpone the housekeeping for ever.
    if (this.#tidying) this.#tidy()
    try {
      this.#file.append(batch)
      this.#say({ is: 'written' })
    } catch (error) {
      this.#say({ is: 'not_written', failure: writeFailure(error) })
    }
    this.#tidySoon()
  }

  read(id: number, question: T['question']): void {
    try {
      this.#say({ is: 'read', id, answer: this.#file.read(question) })
    } catch (error) {
      this.#say({ is: 'not_read', id, message: messageOf(error), codes: codesOf(error) })
    }
  }

  /** Closes the file. If that fails it throws, which ends the thread. */
  close(): void {
    clearImmediate(this.#tidying)
    try {
      this.#file.close()
    } finally {
      this.#closed()
    }
    this.#say({ is: 'closed' })
  }

  #tidySoon(): void {
    this.#tidying ??= setImmediate(() => this.#tidy())
  }

  #tidy(): void {
    clearImmediate(this.#tidying)
    this.#tidying = undefined
    let more = false
    try {
      more = this.#file.tidy()
    } catch (error) {
      this.#say({ is: 'not_written', failure: writeFailure(error) })
    }
    if (more) this.#tidySoon()
  }
}

function opened<T extends Traffic>(
  open: () => OpenedFile<T>,
  say: (message: ThreadMessage<T>) => void,
): Written<T> | undefined {
  try {
    const { file, opened } = open()
    say({ is: 'opened', opened })
    return file
  } catch (error) {
    const fault = error instanceof DiskError ? error.fault : undefined
    say({ is: 'not_opened', fault, message: messageOf(error) })
    return undefined
  }
}
