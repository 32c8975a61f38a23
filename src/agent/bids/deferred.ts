import { PLATFORMS, type PlatformName } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { every } from '../../time/clock.ts'
import type { Agent } from '../agent.ts'
import { campaignScope } from '../scopes.ts'
import { findingOf } from './bid-approval.ts'
import { decideByHistory } from './decide.ts'
import type { BidStatus, DecisionRecord } from './decisions.ts'
import { callerRefusal, conclude, move, refuse, reportBid, sendBid } from './send-bid.ts'

interface WaitingBid {
  readonly record: DecisionRecord
  readonly expiresMs: number
}

/** How long a bid waits at most, in milliseconds. */
const KEPT_MS = 60_000
/** How often waiting bids are looked at, in milliseconds. */
const TICK_MS = 250
/**
 * Codes of refusals after which a bid goes on waiting: nothing was changed on the platform, and it may recover before
 * the bid is too old.
 */
const NOT_YET: ReadonlySet<string> = new Set([
  'breaker_open',
  'limited',
  'throttled',
  'unavailable',
  'unready',
])

const keyOf = ({ platform, request, org }: DecisionRecord) => campaignScope(platform, request.campaignId, org)

/** Bids that wait, without a hold, until their platform recovers. */
export class Deferred {
  readonly #agent: Agent
  /** Waiting bids by campaign. A bid that is being sent is not in this map. */
  readonly #waiting = new Map<string, WaitingBid>()
  #placing: Promise<unknown> | undefined
  readonly close: () => void

  constructor(agent: Agent) {
    this.#agent = agent
    agent.tables.watch('deferred_bids', () => this.#waiting.size)
    this.close = every(agent.clock, TICK_MS, () => {
      this.tick().catch((error) => agent.log.error({ err: error }, 'placing deferred bids failed'))
    })
  }

  /**
   * Defers a bid with the amount by history. Only the newest bid per campaign waits. Returns a refusal when it cannot
   * wait: there is no history, or too many bids wait already.
   */
  add(record: DecisionRecord, retryAfterMs: number): AppError | undefined {
    const unavailable = (detail: string) =>
      new AppError('platform_unavailable', `${record.platform} is failing; ${detail}`, {
        afterMs: retryAfterMs,
      })
    const decision = decideByHistory(this.#agent, record.platform, record.request.bidAmount, record.org)
    if (!decision) return unavailable('no lifetime value is known to bid by once it recovers')
    if (findingOf(this.#agent, record, decision.bid)?.mode === 'enforce')
      return unavailable('the bid by its history would need an approval')
    const key = keyOf(record)
    const older = this.#waiting.get(key)
    if (!older && this.#waiting.size >= this.#agent.tables.limits.deferred_bids)
      return unavailable('too many bids are waiting for it')

    record.decision = decision
    if (older) this.#end(older.record, 'superseded')
    this.#waiting.set(key, { record, expiresMs: this.#agent.clock.elapsedMs() + KEPT_MS })
    return undefined
  }

  /** Restores a bid deferred before the restart, for the waiting time it has left by the wall clock. */
  restore(record: DecisionRecord): void {
    const { clock } = this.#agent
    const key = keyOf(record)
    const older = this.#waiting.get(key)
    if (older) this.#end(older.record, 'superseded')
    const deferredMs = record.history.findLast(({ status }) => status === 'deferred')?.atMs ?? record.atMs
    const leftMs = Math.min(KEPT_MS, deferredMs + KEPT_MS - clock.nowMs())
    this.#waiting.set(key, { record, expiresMs: clock.elapsedMs() + leftMs })
  }

  /** Removes a bid that was just added and could not be recorded. */
  drop(record: DecisionRecord): void {
    const key = keyOf(record)
    if (this.#waiting.get(key)?.record === record) this.#waiting.delete(key)
  }

  waiting(platform: PlatformName): number {
    return [...this.#waiting.values()].filter(({ record }) => record.platform === platform).length
  }

  /** Tries the bids whose platform may work again and ends those that are too old. A timer calls it as well. */
  async tick(): Promise<void> {
    this.#expire(this.#agent.clock.elapsedMs())
    // Only one round at a time, so that a slow platform is never sent the same bid twice.
    if (!this.#placing && [...this.#waiting.values()].some(({ record }) => this.#admits(record.platform))) {
      this.#placing = Promise.all(PLATFORMS.map((platform) => this.#placeOn(platform))).finally(() => {
        this.#placing = undefined
      })
    }
    await this.#placing
  }

  #admits(platform: PlatformName): boolean {
    return this.#agent.connectors[platform].breaker.admits
  }

  #expire(nowMs: number): void {
    for (const [key, { record, expiresMs }] of this.#waiting) {
      if (expiresMs > nowMs) continue
      this.#waiting.delete(key)
      this.#end(record, 'expired')
    }
  }

  async #placeOn(platform: PlatformName): Promise<void> {
    for (const [key, bid] of [...this.#waiting]) {
      if (bid.record.platform !== platform || this.#waiting.get(key) !== bid) continue
      if (!this.#admits(platform) || !(await this.#place(key, bid))) return
    }
  }

  /** Tries one bid. Returns true when the platform took the call, so that the next bid may be tried. */
  async #place(key: string, bid: WaitingBid): Promise<boolean> {
    const { record } = bid
    const agent = this.#agent
    if (!record.decision) return false
    this.#waiting.delete(key)
    const forbidden = callerRefusal(agent, record)
    if (forbidden) {
      refuse(agent, record, forbidden)
      this.#tell(record)
      return true
    }
    const placed = await sendBid(agent, record, record.decision)
    if (NOT_YET.has(placed.is)) {
      // A newer bid on the campaign may have been added during the call; it supersedes this one.
      if (this.#waiting.has(key)) this.#end(record, 'superseded')
      else {
        this.#waiting.set(key, bid)
        // The bid is recorded as under way, or will be. Record that it waits again.
        if (placed.is === 'unready' || agent.decisions.isIntended(record)) agent.decisions.keepSoon(record)
      }
      return false
    }
    conclude(agent, record, placed)
    this.#tell(record)
    return true
  }

  #end(record: DecisionRecord, status: BidStatus): void {
    move(this.#agent, record, status)
    this.#tell(record)
  }

  /** Counts and records what became of a bid. */
  #tell(record: DecisionRecord): void {
    reportBid(this.#agent, record)
    this.#agent.decisions.keepSoon(record)
  }
}
