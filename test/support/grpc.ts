import { resolve } from 'node:path'
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { onTestFinished } from 'vitest'

/** The contract as a caller loads it from the files that are published. */
const published = loadSync(['bidwarden/v1/bidwarden.proto', 'google/rpc/status.proto'], {
  includeDirs: [resolve('proto')],
  longs: Number,
  enums: String,
  oneofs: true,
})

/** The message type of that full name, as a caller reads it. */
function messageType(name: string): { deserialize(bytes: Buffer): Message } {
  const found = published[name]
  if (!found || !('deserialize' in found)) throw new Error(`no message ${name}`)
  return found as unknown as { deserialize(bytes: Buffer): Message }
}

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of a message
export type Message = any

export interface CallOptions {
  readonly key?: string
  readonly deadlineMs?: number
}

/** What a call was answered: its message, or how it has failed. */
export interface Answered {
  readonly message?: Message
  readonly error?: ServiceError
}

export interface GrpcClient {
  call(method: 'placeBid' | 'getBudget', message: object, options?: CallOptions): Promise<Answered>
  watch(scopes: readonly string[], options?: CallOptions): ClientReadableStream<Message>
  bids(options?: CallOptions): ClientDuplexStream<object, Message>
}

const metadataOf = ({ key }: CallOptions): Metadata => {
  const metadata = new Metadata()
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`)
  return metadata
}

/** A client of the service, generated from the published contract and closed when the test ends. */
export function connectGrpc(address: string | undefined): GrpcClient {
  if (address === undefined) throw new Error('the service takes no calls by gRPC')
  const packages = loadPackageDefinition(published)['bidwarden'] as GrpcObject
  const Client = (packages['v1'] as GrpcObject)['Bidwarden'] as Message
  const client = new Client(address, credentials.createInsecure())
  onTestFinished(() => client.close())
  return {
    call: (method, message, options = {}) =>
      new Promise((done) => {
        const { deadlineMs } = options
        const callOptions = deadlineMs === undefined ? {} : { deadline: deadlineMs }
        client[method](
          message,
          metadataOf(options),
          callOptions,
          (error: ServiceError | null, answer: Message) => done(error ? { error } : { message: answer }),
        )
      }),
    watch: (scopes, options = {}) => client.watchBudgets({ scopes }, metadataOf(options)),
    bids: (options = {}) => client.placeBids(metadataOf(options)),
  }
}

/** The details that an error carries, by the names of their types. */
export function detailsOf(error: ServiceError | undefined): Record<string, Message> {
  const [bytes] = error?.metadata.get('grpc-status-details-bin') ?? []
  if (!(bytes instanceof Buffer)) throw new Error('the error has no details')
  const status = messageType('google.rpc.Status').deserialize(bytes)
  return Object.fromEntries(
    status.details.map(({ type_url, value }: { type_url: string; value: Buffer }) => {
      const name = type_url.slice(type_url.lastIndexOf('/') + 1)
      return [name, messageType(name).deserialize(value)]
    }),
  )
}
