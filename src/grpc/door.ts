import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Metadata, ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv, Authorize } from '../api/index.ts'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'

/** What the methods work with. */
export interface DoorParts {
  /** The application whose routes they call. */
  readonly app: Pick<OpenAPIHono<ApiEnv>, 'fetch'>
  readonly authorize: Authorize
  readonly log: Logger
  /** Aborted when the service stops. */
  readonly stopping: AbortSignal
}

/** The end of a stream that the service ends because it stops. */
export const STOPPING = new AppError('shutting_down', 'The service is stopping', 'later')

/** What of a call says who asks. */
interface AskingCall {
  readonly metadata: Metadata
  getPeer(): string
  getHost(): string
}

/** A call as the routes see a request: who asks by which key, from which address, under which name of ours. */
export function asRequest(call: AskingCall): HttpBindings {
  const socket = new Socket()
  const peer = call.getPeer()
  const address = peer.slice(0, peer.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  Object.defineProperty(socket, 'remoteAddress', { value: address })
  const incoming = new IncomingMessage(socket)
  // Says that it is no form of a browser, which it cannot be: browsers do not speak gRPC.
  incoming.method = 'POST'
  incoming.headers = { host: call.getHost(), 'content-type': 'application/json' }
  const [key, ...more] = call.metadata.get('authorization')
  // Of two keys neither counts.
  if (key !== undefined && more.length === 0) incoming.headers.authorization = String(key)
  return { incoming, outgoing: new ServerResponse(incoming) }
}

/** Tells of a failure that nobody foresaw. */
export const onUnforeseen =
  ({ log }: Pick<DoorParts, 'log'>) =>
  (error: unknown): void =>
    log.error({ err: error }, 'a call by gRPC failed')

type WritingCall = ServerWritableStream<unknown, object> | ServerDuplexStream<unknown, object>

/** Writes a message; resolves when more may be written, or nobody reads any more. */
export async function written(call: WritingCall, message: object): Promise<void> {
  if (call.cancelled || call.write(message)) return
  await Promise.race([once(call, 'drain'), once(call, 'cancelled')]).catch(() => {})
}
