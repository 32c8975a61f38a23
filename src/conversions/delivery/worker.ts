import { AppError, messageOf } from '../../errors.ts'
import { StoreAway } from '../../sync/index.ts'
import { endedWithin, Rounds } from '../../time/rounds.ts'
import { claim, type DueConnection, dueConnections } from '../outbox/index.ts'
import type { ConversionLane, ConversionLanes } from './lanes.ts'
import { MAX_CONCURRENCY } from './optimiser.ts'
import { type SendDeps, sendClaimed } from './send-claimed.ts'

/** Milliseconds between two looks without a nudge: retries, ended leases, deliveries of other processes. */
const POLL_MS = 250
/** Milliseconds for which calls under way are waited for at a stop. What they sent is sent again with the same ids. */
const LAST_CALLS_MS = 2_000

const UNREADABLE_MS = 60_000

/** Sends what is due, to all connections, with as many calls at once as each one's optimiser and its platform's pool allow. */
export class DeliveryWorker {
  readonly #deps: SendDeps
  readonly #lanes: ConversionLanes
  readonly #running = new Set<Promise<void>>()
  readonly #rounds: Rounds

  constructor(deps: SendDeps, lanes: ConversionLanes) {
    this.#deps = deps
    this.#lanes = lanes
    this.#rounds = new Rounds(deps.clock, {
      periodMs: POLL_MS,
      round: () => this.#look(),
      onError: (error) => this.#report(error),
    })
    this.nudge()
  }

  /** Looks for deliveries that are due now. */
  nudge(): void {
    this.#rounds.nudge()
  }

  /** Takes nothing more and waits for calls that are under way. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    await endedWithin(this.#deps.clock, LAST_CALLS_MS, this.#running)
  }

  async #look(): Promise<void> {
    const { store, clock, rooms } = this.#deps
    if (store.state.is === 'away') return
    for (const row of await dueConnections(store, clock.nowMs())) {
      const room = rooms.get(row.platform)
      if (room) await this.#take(this.#lanes.of(row.org_id, room), row)
    }
  }

  async #take(lane: ConversionLane, row: DueConnection): Promise<void> {
    while (!this.#rounds.isStopping && this.#hasPlace(lane)) {
      const line = this.#lineOf(lane, row)
      if (!line) return
      const { size } = lane.optimiser
      const claimed = await claim(this.#deps, row, size)
      if (claimed.length === 0) return
      lane.underWay += 1
      const sending = sendClaimed(this.#deps, lane, row, line, claimed)
        .catch((error) => this.#report(error))
        .finally(() => {
          lane.underWay -= 1
          this.#running.delete(sending)
          this.nudge()
        })
      this.#running.add(sending)
      if (claimed.length < size) return
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

  /** An unavailable database is logged once, when it becomes unavailable; what was claimed is due when its lease ends. */
  #report(error: unknown): void {
    if (error instanceof StoreAway) return
    this.#deps.log.error({ err: error }, `conversions cannot be sent: ${messageOf(error)}`)
  }
}
