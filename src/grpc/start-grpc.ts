import { Server, ServerCredentials } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation, type ServingStatus } from 'grpc-health-check'
import { type Cancel, type Clock, every } from '../time/clock.ts'
import { arrivalGuard } from './arrival.ts'
import { placeBid, placeBids } from './bids.ts'
import { getBudget, watchBudgets } from './budgets.ts'
import { bidwardenService, contract } from './contract.ts'
import type { DoorParts } from './door.ts'
import { limitedTo } from './limited-service.ts'

/** Longest message that is read, in bytes: many times a bid with the longest explanation. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** Calls that one connection may have open. */
const MAX_CALLS_PER_CONNECTION = 100
/** A connection without calls is closed after so long, in milliseconds. */
const MAX_IDLE_MS = 300_000
/** How often a connection is pinged, and how long its answer may take before it is closed; in milliseconds. */
const PING_EVERY_MS = 60_000
const PING_TIMEOUT_MS = 20_000
/** Streams of health and reflection that all callers together may have open: they need no key. */
const MAX_OPEN_STREAMS = 100
/** How often the health service looks whether the service is ready, in milliseconds. */
const HEALTH_EVERY_MS = 1_000
/** While closing: how long open calls may take, in milliseconds; a bid on a slow platform needs that long. */
const DRAIN_MS = 10_000

const SERVICE = 'bidwarden.v1.Bidwarden'
const SERVICE_PATH = `/${SERVICE}/`

export interface GrpcOptions extends Omit<DoorParts, 'stopping'> {
  readonly clock: Clock
  readonly host: string
  /** 0 chooses a free port. */
  readonly port: number
  /** Whether the service is ready, as `/readyz` says. */
  readonly isReady: () => boolean
}

/** The server of calls by gRPC. */
export interface GrpcServer {
  /** Host and port. */
  readonly address: string
  /** Takes no new calls, waits for those that are open, and cuts what takes longer than a bid may. */
  close(): Promise<void>
}

/** Starts to answer calls by gRPC, without encryption as the HTTP port. Rejects where the port cannot be bound. */
export async function startGrpc({ host, port, isReady, clock, ...rest }: GrpcOptions): Promise<GrpcServer> {
  const stopping = new AbortController()
  const parts: DoorParts = { ...rest, stopping: stopping.signal }
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_CALLS_PER_CONNECTION,
    'grpc.max_connection_idle_ms': MAX_IDLE_MS,
    'grpc.keepalive_time_ms': PING_EVERY_MS,
    'grpc.keepalive_timeout_ms': PING_TIMEOUT_MS,
    interceptors: [arrivalGuard(parts, clock, SERVICE_PATH)],
  })
  server.addService(bidwardenService, {
    placeBid: placeBid(parts),
    placeBids: placeBids(parts),
    getBudget: getBudget(parts),
    watchBudgets: watchBudgets(parts),
  })
  const open = limitedTo(MAX_OPEN_STREAMS, server)
  new ReflectionService(contract).addToServer(open)
  const stopTelling = tellHealth(open, clock, isReady)

  const hostInAddress = host.includes(':') ? `[${host}]` : host
  const bound = await bind(server, `${hostInAddress}:${port}`)
  return {
    address: `${hostInAddress}:${bound}`,
    close() {
      stopTelling()
      stopping.abort()
      open.end()
      return drain(server, clock)
    },
  }
}

const bind = (server: Server, address: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    )
  })

/** Answers the standard health protocol for the server as a whole and for its service. Returns what ends it. */
function tellHealth(server: Pick<Server, 'addService'>, clock: Clock, isReady: () => boolean): Cancel {
  const now = (): ServingStatus => (isReady() ? 'SERVING' : 'NOT_SERVING')
  const names = ['', SERVICE]
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, now()])))
  health.addToServer(server)
  let told = now()
  const look = every(clock, HEALTH_EVERY_MS, () => {
    if (now() === told) return
    told = now()
    for (const name of names) health.setStatus(name, told)
  })
  return () => {
    look()
    for (const name of names) health.setStatus(name, 'NOT_SERVING')
  }
}

function drain(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(DRAIN_MS, () => server.forceShutdown())
    server.tryShutdown(() => {
      cancel()
      resolve()
    })
  })
}
