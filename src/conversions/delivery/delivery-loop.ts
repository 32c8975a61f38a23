import { AppError } from '../../errors.ts'
import { claim, type DueConnection, dueConnections } from '../outbox/index.ts'
import type { ConversionLane, ConversionLanes } from './lanes.ts'
import { MAX_CONCURRENCY } from './optimiser.ts'
import { UNREADABLE_MS } from './retry-delays.ts'
import { type SendDeps, sendClaimed } from './send-claimed.ts'
import { SendLoop } from './send-loop.ts'

/**
 * How long a stop waits for calls that are under way, in milliseconds. Unanswered events are sent again later with the
 * same ids.
 */
const LAST_CALLS_MS = 2_000

/**
 * How long events are gathered while few come, in milliseconds, so that they share a call and its commits: those commits are
 * made by the thread that also stores events at the door.
 */
const GATHER_MS = 100

/**
 * Sends deliveries that are due, over all connections. The optimiser of each connection and the pool of its platform
 * limit how many calls it makes at once.
 */
export class DeliveryLoop extends SendLoop {
  readonly #deps: SendDeps
  readonly #lanes: ConversionLanes

  constructor(deps: SendDeps, lanes: ConversionLanes) {
    super(deps, { what: 'conversions', lastCallsMs: LAST_CALLS_MS })
    this.#deps = deps
    this.#lanes = lanes
    this.nudge()
  }

  /** Looks for deliveries that have come, together with those that come soon after. */
  gather(): void {
    this.gatherFor(GATHER_MS)
  }

  protected async look(): Promise<void> {
    const { store, clock, rooms } = this.#deps
    for (const row of await dueConnections(store, clock.nowMs())) {
      const room = rooms.get(row.platform)
      if (room) await this.#take(this.#lanes.of(row.org_id, room), row)
    }
  }

  async #take(lane: ConversionLane, row: DueConnection): Promise<void> {
    while (!this.isStopping && this.#hasPlace(lane)) {
      const line = this.#lineOf(lane, row)
      if (!line) return
      const { size } = lane.optimiser
      const claimed = await claim(this.#deps, row, size)
      if (claimed.length === 0) return
      const isFull = claimed.length >= size
      const call = sendClaimed(this.#deps, lane, row, line, claimed)
      // As many were due as were wanted, so more are probably waiting.
      this.add(lane, call, () => (isFull ? this.nudge() : this.gather()))
      if (!isFull) return
    }
  }

  #hasPlace(lane: ConversionLane): boolean {
    return (
      this.#deps.clock.elapsedMs() >= lane.heldUntilMs &&
      lane.breaker.admits &&
      lane.underWay < lane.optimiser.concurrency &&
      this.#underWayAt(lane.platform) < MAX_CONCURRENCY
    )
  }

  #underWayAt(platform: string): number {
    let sum = 0
    for (const lane of this.#lanes.all) if (lane.platform === platform) sum += lane.underWay
    return sum
  }

  #lineOf(lane: ConversionLane, row: DueConnection) {
    const { clock, log } = this.#deps
    try {
      return this.#lanes.lineOf(row, lane.room)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      lane.heldUntilMs = clock.elapsedMs() + UNREADABLE_MS
      log.error({ platform: lane.platform, org: lane.orgId }, error.message)
      return undefined
    }
  }
}
