import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
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

/** Runs a thread that writes a file, so that no commit blocks the main event loop. */
export function serveThread<T extends Traffic, How>(open: (how: How) => OpenedFile<T>): void {
  if (!parentPort) return
  const { how, isClosed } = workerData
  const closed = () => {
    Atomics.store(isClosed, 0, 1)
    Atomics.notify(isClosed, 0)
  }
  serve(parentPort, () => open(how), closed)
}

/** @param closed called when the file is closed, or could not be opened */
function serve<T extends Traffic>(port: MessagePort, open: () => OpenedFile<T>, closed: () => void): void {
  const say = (word: ThreadMessage<T>) => port.postMessage(word)
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
  // Runs after the reads that are waiting already.
  const tidySoon = () => {
    if (isTidying) return
    isTidying = true
    setImmediate(tidyIfDue)
  }

  port.on('message', (order: ThreadOrder<T>) => {
    switch (order.do) {
      case 'append':
        // Without this, writes that follow each other without a pause would postpone the housekeeping for ever.
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
  open: () => OpenedFile<T>,
  say: (word: ThreadMessage<T>) => void,
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
