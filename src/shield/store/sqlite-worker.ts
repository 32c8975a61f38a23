import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import type { JournalEntry } from './journal-entry.ts'
import { LedgerError, type LedgerFault, type WriteFailure, writeFailure } from './sqlite-error.ts'
import type { Row } from './sqlite-file.ts'
import { type OpenedLedger, type OpenLedger, SqliteLedger } from './sqlite-ledger.ts'

/** What the thread is asked. */
export type Order =
  | { readonly do: 'append'; readonly entries: readonly JournalEntry[] }
  | { readonly do: 'slice'; readonly id: number; readonly after: number; readonly upTo: number }
  | { readonly do: 'range'; readonly id: number }
  | { readonly do: 'close' }

/** What the thread says. */
export type Word =
  | { readonly is: 'opened'; readonly opened: OpenedLedger }
  | { readonly is: 'not_opened'; readonly fault: LedgerFault | undefined; readonly message: string }
  | { readonly is: 'written' }
  | { readonly is: 'not_written'; readonly failure: WriteFailure }
  | { readonly is: 'slice'; readonly id: number; readonly rows: readonly Row[] }
  | { readonly is: 'range'; readonly id: number; readonly first: number; readonly last: number }
  | { readonly is: 'not_read'; readonly id: number; readonly message: string }
  | { readonly is: 'closed' }

/** What the thread is given. */
export interface ThreadData {
  readonly how: OpenLedger
  /** Becomes 1 when the ledger is closed, or was never open. */
  readonly isClosed: Int32Array<SharedArrayBuffer>
}

/** The thread that writes the ledger, so that no commit keeps the event loop waiting. */
function serve(port: MessagePort, { how, isClosed }: ThreadData): void {
  const closed = () => {
    Atomics.store(isClosed, 0, 1)
    Atomics.notify(isClosed, 0)
  }
  const say = (word: Word) => port.postMessage(word)
  const ledger = openLedger(how, say)
  if (!ledger) {
    closed()
    return
  }
  let isTidying = false

  const tidy = () => {
    isTidying = false
    let more = false
    try {
      more = ledger.tidy()
    } catch (error) {
      say({ is: 'not_written', failure: writeFailure(error) })
    }
    if (more) tidySoon()
  }
  // After the orders that wait already.
  const tidySoon = () => {
    if (isTidying) return
    isTidying = true
    setImmediate(tidy)
  }

  port.on('message', (order: Order) => {
    switch (order.do) {
      case 'append':
        try {
          ledger.append(order.entries)
          say({ is: 'written' })
        } catch (error) {
          say({ is: 'not_written', failure: writeFailure(error) })
        }
        tidySoon()
        break
      case 'slice':
      case 'range':
        say(read(ledger, order))
        break
      case 'close':
        try {
          ledger.close()
        } finally {
          closed()
          say({ is: 'closed' })
          port.close()
        }
        break
    }
  })
}

function openLedger(how: OpenLedger, say: (word: Word) => void): SqliteLedger | undefined {
  try {
    const { ledger, opened } = SqliteLedger.open(how)
    say({ is: 'opened', opened })
    return ledger
  } catch (error) {
    const fault = error instanceof LedgerError ? error.fault : undefined
    say({ is: 'not_opened', fault, message: messageOf(error) })
    return undefined
  }
}

function read(ledger: SqliteLedger, order: Order & { do: 'slice' | 'range' }): Word {
  const { id } = order
  try {
    if (order.do === 'range') return { is: 'range', id, ...ledger.range }
    return { is: 'slice', id, rows: ledger.slice(order.after, order.upTo) }
  } catch (error) {
    return { is: 'not_read', id, message: messageOf(error) }
  }
}

if (parentPort) serve(parentPort, workerData)
