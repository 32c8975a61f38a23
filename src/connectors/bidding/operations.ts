import { LRUCache } from 'lru-cache'
import { atMost } from '../../cache-size.ts'
import type { Micros } from '../../money.ts'
import type { Called, Priority } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import { createTurns } from '../../time/turns.ts'
import type { BidConnector, BidIntent, Connected, Verification } from '../platform/bids.ts'
import type { Runner } from './runner.ts'

export interface PlatformRef {
  readonly platformRef: string
}

/** The operations of one platform over HTTP, without budget and breaker. */
export interface Operations {
  connect(): Promise<Called<Connected>>
  placeBid(intent: BidIntent): Promise<Called<PlatformRef>>
  /** Undefined where nothing can be read back. */
  readonly verifyBid: ((intent: BidIntent) => Promise<Called<Verification>>) | undefined
  readCampaignBudget(campaignId: string, priority: Priority): Promise<Called<Micros | undefined>>
  updateCampaignBudget(
    campaignId: string,
    dailyBudget: Micros,
    priority: Priority,
  ): Promise<Called<PlatformRef>>
  setCampaignStatus(
    campaignId: string,
    status: 'active' | 'paused',
    priority: Priority,
  ): Promise<Called<PlatformRef>>
}

/**
 * Most campaigns whose memo is kept (a dropped one costs a look-up at the next bid), and most bids of unknown outcome.
 */
const MAX_REMEMBERED = 10_000

/**
 * Longest wait of a first bid before its set-up, in milliseconds; after it the bid is refused, because it holds money
 * and its caller waits.
 */
const MAX_WAIT_MS = 15_000
const WAITED_TOO_LONG: Called<PlatformRef> = {
  outcome: { is: 'unavailable', detail: 'earlier bids on the campaign could not be placed in time' },
  verdict: 'neutral',
  latencyMs: 0,
}

/** A write without an answer. */
interface Unanswered<Memo> {
  /** The values of the campaign before the write; verification compares with them. */
  readonly before: Memo | undefined
  /** Whether a later look-up has found it applied. */
  readonly wasFound: boolean
}
const FOUND: Called<Verification> = {
  outcome: { is: 'accepted', value: 'applied' },
  verdict: 'neutral',
  latencyMs: 0,
}

export function createOperations<Memo>(clock: Clock, connector: BidConnector<Memo>, run: Runner): Operations {
  const memos = new LRUCache<string, { readonly memo: Memo }>(atMost(MAX_REMEMBERED))
  const unanswered = new LRUCache<string, Unanswered<Memo>>(atMost(MAX_REMEMBERED))
  const setUpInTurn = createTurns()

  /**
   * Places a first bid. Two first bids on a campaign could both create what may exist once, so they run one after the
   * other until one has succeeded.
   */
  async function placeFirst(intent: BidIntent): Promise<Called<PlatformRef>> {
    const startedMs = clock.elapsedMs()
    for (;;) {
      const known = memos.get(intent.campaignId)
      if (known) return place(intent, known.memo)
      const setUp = await setUpInTurn(intent.campaignId, async () => {
        if (memos.has(intent.campaignId)) return undefined
        if (clock.elapsedMs() - startedMs > MAX_WAIT_MS) return WAITED_TOO_LONG
        return place(intent, undefined)
      })
      if (setUp) return setUp
    }
  }

  async function place(intent: BidIntent, memo: Memo | undefined): Promise<Called<PlatformRef>> {
    let before = memo
    const onFound = (found: Memo): void => {
      before = found
      // This bid is about to replace what shows that an earlier one without an answer was applied.
      const lastBid = connector.lastBidOf?.(found) ?? ''
      const earlier = unanswered.peek(lastBid)
      if (earlier) unanswered.set(lastBid, { ...earlier, wasFound: true })
    }
    const called = await run(connector.placeBid(intent, memo, onFound), 'bid')
    const { outcome } = called
    if (outcome.is !== 'accepted') {
      // The memo may have been the cause, and a write of unknown outcome may have changed the values.
      if (outcome.is !== 'throttled') memos.delete(intent.campaignId)
      if (outcome.is === 'unknown') unanswered.set(intent.decisionId, { before, wasFound: false })
      return { ...called, outcome }
    }
    memos.set(intent.campaignId, { memo: outcome.value.memo })
    return { ...called, outcome: { is: 'accepted', value: { platformRef: outcome.value.platformRef } } }
  }

  const { verifyBid } = connector
  return {
    connect: () => run(connector.connect(), 'read'),
    placeBid(intent) {
      const known = memos.get(intent.campaignId)
      return known ? place(intent, known.memo) : placeFirst(intent)
    },
    verifyBid:
      verifyBid &&
      (async (intent) => {
        const known = unanswered.get(intent.decisionId)
        return known?.wasFound ? FOUND : run(verifyBid(intent, known?.before), 'bid')
      }),
    readCampaignBudget: (campaignId, priority) => run(connector.readCampaignBudget(campaignId), priority),
    updateCampaignBudget: (campaignId, dailyBudget, priority) =>
      run(connector.updateCampaignBudget(campaignId, dailyBudget), priority),
    setCampaignStatus: (campaignId, status, priority) =>
      run(connector.setCampaignStatus(campaignId, status), priority),
  }
}
