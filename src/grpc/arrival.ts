import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder, status } from '@grpc/grpc-js'
import type { Cancel, Clock } from '../time/clock.ts'
import { asRequest, type DoorParts, onUnforeseen } from './door.ts'
import { problemIn, refusedStatus } from './refusal.ts'

/** Longest time for the message of a call to arrive whole, in milliseconds, as for a request over HTTP. */
const MESSAGE_MS = 30_000
/** Calls of health that may wait for their message, of all callers together: they need no key. */
const MAX_WAITING = 200

/**
 * Refuses calls before their message is read: one without a key that needs one, and one whose message does not come. Otherwise anybody
 * could have half messages kept here for ever.
 * @param prefix of the methods that need a key
 */
export function arrivalGuard(parts: DoorParts, clock: Clock, prefix: string): ServerInterceptor {
  let waiting = 0
  return (method, next) => {
    const needsKey = method.path.startsWith(prefix)
    let stopWaiting: Cancel = () => {}
    const awaitMessage = () => {
      if (!needsKey) waiting += 1
      const cancel = clock.after(MESSAGE_MS, () => {
        stopWaiting()
        call.sendStatus({ code: status.DEADLINE_EXCEEDED, details: 'The message has not come' })
      })
      stopWaiting = () => {
        cancel()
        if (!needsKey) waiting -= 1
        stopWaiting = () => {}
      }
    }
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, pass) => {
        if (method.requestStream && !needsKey) return pass(metadata)
        const asked = { metadata, getPeer: () => call.getPeer(), getHost: () => call.getHost() }
        try {
          if (needsKey) parts.authorize(asRequest(asked).incoming, 'any')
        } catch (error) {
          return call.sendStatus(refusedStatus(problemIn(error, onUnforeseen(parts))))
        }
        if (!needsKey && waiting >= MAX_WAITING)
          return call.sendStatus({
            code: status.RESOURCE_EXHAUSTED,
            details: `${waiting} calls have no message`,
          })
        if (!method.requestStream) awaitMessage()
        pass(metadata)
      })
      .withOnReceiveMessage((message, pass) => {
        stopWaiting()
        pass(message)
      })
      .withOnCancel(() => stopWaiting())
      .build()
    const call = new ServerInterceptingCall(next, { start: (begin) => begin(listener) })
    return call
  }
}
