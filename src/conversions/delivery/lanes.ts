import { refreshedToken, type TokenSource } from '../../connectors/index.ts'
import type { CallLimits, CircuitBreaker, RateLimiter } from '../../shield/index.ts'
import type { Pace } from '../../time/pace.ts'
import { type ConnectionRow, credentialsOf } from '../connections.ts'
import type { Base, PlatformRoom } from '../conversions.ts'
import { type ConversionLine, newBreaker, newPace } from './call.ts'
import { BatchOptimiser } from './optimiser.ts'

/**
 * The rate limit of one connection by the interface's specification: bursts of 100 calls, and 10 calls per second on
 * average.
 */
const CALLS = { calls: 100, windowMs: 10_000 }

/** The result of a call, by the field names of the interface's specification. */
export interface CapiResponse {
  readonly success: boolean
  readonly events_received: number
  readonly events_processed: number
  readonly errors: readonly { readonly code: string; readonly message: string }[]
  readonly platform: string
  readonly request_id: string | null
}

/** What this process knows about sending to one connection. */
export interface ConversionLane {
  readonly orgId: number
  readonly platform: string
  readonly room: PlatformRoom
  readonly optimiser: BatchOptimiser
  readonly breaker: CircuitBreaker
  /** Calls that are under way. */
  underWay: number
  /** Nothing is sent before this time (elapsed ms), because a limit or the breaker does not allow it. */
  heldUntilMs: number
  /** The result of the last call; undefined before the first one. */
  lastResponse: CapiResponse | undefined
}

export interface LaneDeps extends Pick<Base, 'clock' | 'keyring' | 'rooms'> {
  readonly callLimits: CallLimits
  readonly onBreaker: (lane: Pick<ConversionLane, 'orgId' | 'platform'>, from: string, to: string) => void
}

interface Kept {
  readonly lane: ConversionLane
  readonly events: Pace
  /** Made from the credentials that were stored at `updatedMs`; undefined until the first call. */
  line: { readonly updatedMs: number; readonly line: ConversionLine } | undefined
}

/** The connections that this process sends to, with the state of sending to each. */
export class ConversionLanes {
  readonly #deps: LaneDeps
  readonly #kept = new Map<string, Kept>()

  constructor(deps: LaneDeps) {
    this.#deps = deps
  }

  find(orgId: number, platform: string): ConversionLane | undefined {
    return this.#kept.get(nameOf(orgId, platform))?.lane
  }

  get all(): Iterable<ConversionLane> {
    return [...this.#kept.values()].map(({ lane }) => lane)
  }

  of(orgId: number, room: PlatformRoom): ConversionLane {
    return this.#keptOf(orgId, room).lane
  }

  /**
   * What a call to the connection needs, with its present credentials. Throws `credentials_unreadable` if no key
   * decrypts them.
   */
  lineOf(row: ConnectionRow, room: PlatformRoom): ConversionLine {
    const kept = this.#keptOf(row.org_id, room)
    if (kept.line?.updatedMs === row.updated_ms) return kept.line.line
    const credentials = credentialsOf(this.#deps.keyring, room.connector.credentials, row)
    const line = lineFor(this.#deps, row, room, credentials, kept)
    kept.line = { updatedMs: row.updated_ms, line }
    return line
  }

  /** Like {@link lineOf}, for credentials that are not stored yet. */
  trial(
    row: Pick<ConnectionRow, 'org_id' | 'platform'>,
    room: PlatformRoom,
    credentials: unknown,
  ): ConversionLine {
    return lineFor(this.#deps, row, room, credentials, this.#keptOf(row.org_id, room))
  }

  #keptOf(orgId: number, room: PlatformRoom): Kept {
    const { platform } = room.connector
    const name = nameOf(orgId, platform)
    const known = this.#kept.get(name)
    if (known) return known
    const { clock, onBreaker } = this.#deps
    const lane: ConversionLane = {
      orgId,
      platform,
      room,
      optimiser: new BatchOptimiser(room.connector.limits),
      breaker: newBreaker(clock, (from, to) => onBreaker({ orgId, platform }, from, to)),
      underWay: 0,
      heldUntilMs: 0,
      lastResponse: undefined,
    }
    const kept: Kept = { lane, events: newPace(clock, room), line: undefined }
    this.#kept.set(name, kept)
    return kept
  }
}

const nameOf = (orgId: number, platform: string): string => `${orgId}:${platform}`

function lineFor(
  { clock, callLimits }: LaneDeps,
  row: Pick<ConnectionRow, 'org_id' | 'platform'>,
  room: PlatformRoom,
  credentials: unknown,
  { lane, events }: Pick<Kept, 'lane' | 'events'>,
): ConversionLine {
  const { connector, targets, tokenUrl } = room
  const target = targets[connector.apiOf(credentials)]
  if (!target) throw new Error(`${connector.platform} has no API ${connector.apiOf(credentials)}`)
  const grant = connector.refresh(credentials)
  const tokens: TokenSource | undefined = grant && refreshedToken(clock, { tokenUrl, ...grant })
  const limiter: RateLimiter = callLimits.of(`conversions_${row.platform}`, String(row.org_id), CALLS)
  const account = connector.accountOfBids(credentials)
  const bidsLimiter = () => account && callLimits.find(account.platform, account.accountId)
  return { connector, target, credentials, tokens, breaker: lane.breaker, limiter, bidsLimiter, events }
}
