import type { ServerDuplexStream } from '@grpc/grpc-js'

interface EachOptions {
  /** Messages that are worked on at once; meanwhile no more are read. */
  readonly most: number
  /** Aborted when the service stops: no more messages are read then. */
  readonly stopping: AbortSignal
  /** Must not reject. */
  readonly work: (message: unknown, index: number) => Promise<void>
}

/**
 * Works on each message of a call. Resolves when no more come, because the caller has sent its last or has hung up, or
 * because the service stops, and the work on all that came is done.
 */
export function eachMessage(
  call: ServerDuplexStream<unknown, object>,
  { most, stopping, work }: EachOptions,
): Promise<void> {
  return new Promise((resolve) => {
    let index = 0
    let underWay = 0
    let isOver = false
    const over = () => {
      isOver = true
      call.pause()
      stopping.removeEventListener('abort', over)
      if (underWay === 0) resolve()
    }
    const done = () => {
      underWay -= 1
      if (!isOver) call.resume()
      else if (underWay === 0) resolve()
    }
    call.once('end', over)
    call.once('cancelled', over)
    stopping.addEventListener('abort', over)
    call.on('data', (message: unknown) => {
      underWay += 1
      if (underWay >= most) call.pause()
      work(message, index++).finally(done)
    })
    if (stopping.aborted || call.cancelled) over()
  })
}
