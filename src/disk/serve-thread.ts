import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import {
  type Codes,
  codesOf,
  DiskError,
  type DiskFault,
  type WriteFailure,
  writeFailure,
} from './disk-error.ts'
import type { Traffic } from './disk-thread.ts'

/** What the thread is asked. */
export type Order<T extends Traffic> =
  | { readonly do: 'append'; readonly batch: T['batch'] }
  | { readonly do: 'read'; readonly id: number; readonly question: T['question'] }
  | { readonly do: 'close' }

/** What the thread says. */
export type Word<T extends Traffic> =
  | { readonly is: 'opened'; readonly opened: T['opened'] }
  | { readonly is: 'not_opened'; readonly fault: DiskFault | undefined; readonly message: string }
  | { readonly is: 'written' }
  | { readonly is: 'not_written'; readonly failure: WriteFailure }
  | { readonly is: 'read'; readonly id: number; readonly answer: T['answer'] }
  | { readonly is: 'not_read'; readonly id: number; readonly message: string; readonly codes: Codes }
  | { readonly is: 'closed' }

/** What the thread is given. */
export interface ThreadData {
  readonly how: unknown
  /** Becomes 1 when the file is closed, or was never open. */
  readonly isClosed: Int32Array<SharedArrayBuffer>
}

/** A file that a thread writes. All of it is synchronous. */
interface Written<T extends Traffic> {
  /** All of it or nothing; on the disk when this returns. */
  append(batch: T['batch']): void
  read(question: T['question']): T['answer']
  /** Housekeeping between two commits; whether more is to be done at once. */
  tidy(): boolean
  close(): void
}

interface Opened<T extends Traffic> {
  readonly file: Written<T>
  readonly opened: T['opened']
}

/** The program of a thread that writes a file, so that no commit keeps the event loop waiting. */
export function serveThread<T extends Traffic, How>(open: (how: How) => Opened<T>): void {
  if (!parentPort) return
  const { how, isClosed } = workerData
  const closed = () => {
    Atomics.store(isClosed, 0, 1)
    Atomics.notify(isClosed, 0)
  }
  serve(parentPort, () => open(how), closed)
}

/** @param closed called when the file is closed, or was never open */
function serve<T extends Traffic>(port: MessagePort, open: () => Opened<T>, closed: () => void): void {
  const say = (word: Word<T>) => port.postMessage(word)
  const file = opened(open, say)
  if (!file) {
    closed()
    return
  }
  let isTidying = false

  const tidy = () => {
    isTidying = false
    let more = false
    try {
      more = file.tidy()
    } catch (error) {
      say({ is: 'not_written', failure: writeFailure(error) })
    }
    if (more) tidySoon()
  }
  const tidyIfDue = () => {
    if (isTidying) tidy()
  }
  // After the reads that wait already.
  const tidySoon = () => {
    if (isTidying) return
    isTidying = true
    setImmediate(tidyIfDue)
  }

  port.on('message', (order: Order<T>) => {
    switch (order.do) {
      case 'append':
        // Writes that come without a pause are taken one after the other, and would put it off for as long as they come.
        tidyIfDue()
        try {
          file.append(order.batch)
          say({ is: 'written' })
        } catch (error) {
          say({ is: 'not_written', failure: writeFailure(error) })
        }
        tidySoon()
        break
      case 'read':
        try {
          say({ is: 'read', id: order.id, answer: file.read(order.question) })
        } catch (error) {
          say({ is: 'not_read', id: order.id, message: messageOf(error), codes: codesOf(error) })
        }
        break
      case 'close':
        try {
          file.close()
        } finally {
          closed()
          say({ is: 'closed' })
          port.close()
        }
        break
    }
  })
}

function opened<T extends Traffic>(
  open: () => Opened<T>,
  say: (word: Word<T>) => void,
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
