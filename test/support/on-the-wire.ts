import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** A request of this thread to a server of this thread; by the two ports of its connection. */
interface UnderWay {
  readonly request: object
  /** Absent until the server has its head. */
  arrived?: IncomingMessage
  isAnswered?: boolean
  /** When it was first seen between the two. */
  sinceMs?: number
}

const underWay = new Map<string, UnderWay>()
const keys = new WeakMap<object, string>()
/** Ports that a server of this thread has been asked at; of other servers nothing is known. */
const ours = new Set<number>()

/** Whoever does not read an answer, or asks and is not read, is not waited for any longer. */
const GIVE_UP_MS = 2_000

interface Message {
  readonly request: IncomingMessage & object
  readonly socket?: Socket
}

const on = (channel: string, heard: (message: Message) => void) =>
  subscribe(channel, (message) => heard(message as Message))

const forget = ({ request }: Message) => {
  const key = keys.get(request)
  if (key !== undefined && underWay.get(key)?.request === request) underWay.delete(key)
}

on('undici:client:sendHeaders', ({ request, socket }) => {
  if (socket?.localPort === undefined) return
  const key = `${socket.localPort} ${socket.remotePort}`
  keys.set(request, key)
  underWay.set(key, { request })
})
on('http.server.request.start', ({ request }) => {
  const { localPort, remotePort } = request.socket
  if (localPort !== undefined) ours.add(localPort)
  const one = underWay.get(`${remotePort} ${localPort}`)
  if (one) one.arrived = request
  keys.set(request, `${remotePort} ${localPort}`)
})
on('http.server.response.finish', ({ request }) => {
  const one = underWay.get(keys.get(request) ?? '')
  if (one?.arrived === request) one.isAnswered = true
})
on('undici:request:trailers', forget)
on('undici:request:error', forget)

/**
 * Whether a request or an answer has left one side and has not reached the other: on a busy machine the turns of the
 * event loop do not say how long that takes. A server that has the whole request may let it wait for ever.
 */
export function isOnTheWire(): boolean {
  let is = false
  for (const [key, one] of underWay) {
    const { arrived, isAnswered = false } = one
    const isKnown = ours.has(Number(key.split(' ')[1]))
    if (!isKnown || (arrived && !isAnswered && arrived.complete)) continue
    one.sinceMs ??= performance.now()
    if (performance.now() - one.sinceMs > GIVE_UP_MS) underWay.delete(key)
    else is = true
  }
  return is
}
