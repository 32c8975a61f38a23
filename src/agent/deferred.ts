import { every } from '../clock.ts'
import { AppError } from '../errors.ts'
import { PLATFORMS, type PlatformName } from '../platforms/index.ts'
import { type Agent, campaignScope } from './agent.ts'
import { decideByHistory } from './decide.ts'
import type { BidStatus, DecisionRecord } from './decisions.ts'
import { conclude, move, reportBid, sendBid } from './place-bid.ts'

/** Bids that wait for their platform to recover. No money is held for them meanwhile. */
export interface Deferred {
  /**
   * Keeps the heuristic form of a bid, the newest per campaign. A refusal when it cannot wait: nothing to go by, or
   * too many waiting.
   */
  add(record: DecisionRecord, retryAfterMs: number): AppError | undefined
  /** Takes up a bid that an earlier start had deferred, for the time it has left by the wall clock. */
  restore(record: DecisionRecord): void
  /** Forgets a bid that was just added, since it could not be recorded. */
  drop(record: DecisionRecord): void
  waiting(platform: PlatformName): number
  /** Tries what can be tried now and drops what is too old; also called by a timer. */
  tick(): Promise<void>
  close(): void
}

interface Waiting {
  readonly record: DecisionRecord
  readonly expiresMs: number
}

const KEPT_MS = 60_000
const TICK_MS = 250
const MAX_WAITING = 10_000
/** What leaves a bid waiting: nothing was changed on the platform, and it may work again before the bid is too old. */
const NOT_YET: ReadonlySet<string> = new Set([
  'breaker_open',
  'limited',
  'throttled',
  'unavailable',
  'unready',
])

export function createDeferred(agent: Agent): Deferred {
  /** By campaign. A bid on its way to the platform is not in here. */
  const waiting = new Map<string, Waiting>()
  const keyOf = ({ platform, request }: DecisionRecord) => campaignScope(platform, request.campaignId)

  function end(record: DecisionRecord, status: BidStatus): void {
    move(agent, record, status)
    reportBid(agent, record)
    agent.decisions.keepSoon(record)
  }

  function expire(nowMs: number): void {
    for (const [key, { record, expiresMs }] of waiting) {
      if (expiresMs > nowMs) continue
      waiting.delete(key)
      end(record, 'expired')
    }
  }

  /** Tries one bid; true when the platform took the call, so that the next may be tried too. */
  async function place(key: string, bid: Waiting): Promise<boolean> {
    const { record } = bid
    if (!record.decision) return false
    waiting.delete(key)
    const placed = await sendBid(agent, record, record.decision)
    if (NOT_YET.has(placed.is)) {
      // A newer bid on the campaign may have come meanwhile; then this one is out of date.
      if (waiting.has(key)) end(record, 'superseded')
      else {
        waiting.set(key, bid)
        // Recorded as under way, or soon to be: it waits again.
        if (placed.is === 'unready' || agent.decisions.isIntended(record)) agent.decisions.keepSoon(record)
      }
      return false
    }
    conclude(agent, record, placed)
    reportBid(agent, record)
    agent.decisions.keepSoon(record)
    return true
  }

  async function placeOn(platform: PlatformName): Promise<void> {
    for (const [key, bid] of [...waiting]) {
      if (bid.record.platform !== platform || waiting.get(key) !== bid) continue
      if (!agent.connectors[platform].breaker.admits || !(await place(key, bid))) return
    }
  }

  const canPlace = ({ record }: Waiting): boolean => agent.connectors[record.platform].breaker.admits

  let placing: Promise<unknown> | undefined
  const tick = async () => {
    expire(agent.clock.elapsedMs())
    // One round at a time: a slow platform must not be asked for the same bid twice.
    if (!placing && [...waiting.values()].some(canPlace)) {
      placing = Promise.all(PLATFORMS.map(placeOn)).finally(() => {
        placing = undefined
      })
    }
    await placing
  }
  const cancel = every(agent.clock, TICK_MS, () => {
    tick().catch((error) => agent.log.error({ err: error }, 'placing deferred bids failed'))
  })

  return {
    add(record, retryAfterMs) {
      const unavailable = (detail: string) =>
        new AppError('platform_unavailable', `${record.platform} is failing; ${detail}`, {
          afterMs: retryAfterMs,
        })
      const decision = decideByHistory(agent, record.platform, record.request.bidAmount)
      if (!decision) return unavailable('no lifetime value is known to bid by once it recovers')
      const key = keyOf(record)
      const older = waiting.get(key)
      if (!older && waiting.size >= MAX_WAITING) return unavailable('too many bids are waiting for it')

      record.decision = decision
      if (older) end(older.record, 'superseded')
      waiting.set(key, { record, expiresMs: agent.clock.elapsedMs() + KEPT_MS })
      return undefined
    },
    restore(record) {
      const key = keyOf(record)
      const older = waiting.get(key)
      if (older) end(older.record, 'superseded')
      const deferredMs = record.history.findLast(({ status }) => status === 'deferred')?.atMs ?? record.atMs
      const leftMs = Math.min(KEPT_MS, deferredMs + KEPT_MS - agent.clock.nowMs())
      waiting.set(key, { record, expiresMs: agent.clock.elapsedMs() + leftMs })
    },
    drop(record) {
      const key = keyOf(record)
      if (waiting.get(key)?.record === record) waiting.delete(key)
    },
    waiting: (platform) => [...waiting.values()].filter(({ record }) => record.platform === platform).length,
    tick,
    close: cancel,
  }
}
