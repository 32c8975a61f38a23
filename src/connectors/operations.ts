import { LRUCache } from 'lru-cache'
import { atMost } from '../cache-size.ts'
import type { Clock } from '../clock.ts'
import type { Micros } from '../money.ts'
import type { Called, Priority } from '../shield/index.ts'
import { createTurns } from '../turns.ts'
import type { BidIntent, Connector, Verification } from './connector.ts'
import type { Runner } from './runner.ts'

export interface PlatformRef {
  readonly platformRef: string
}

/** The operations of one platform, run over HTTP but not yet guarded: no budget, no breaker. */
export interface Operations {
  connect(): Promise<Called<{ readonly account: string }>>
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

/** Campaigns whose memo is kept (a forgotten one costs a look-up at its next bid), and unanswered bids likewise. */
const MAX_REMEMBERED = 10_000

/** A first bid begins no set-up later than this after it came: it holds money meanwhile, and its caller waits. */
const MAX_WAIT_MS = 15_000
const WAITED_TOO_LONG: Called<PlatformRef> = {
  outcome: { is: 'unavailable', detail: 'earlier bids on the campaign could not be placed in time' },
  verdict: 'neutral',
  latencyMs: 0,
}

export function createOperations<Memo>(clock: Clock, connector: Connector<Memo>, run: Runner): Operations {
  const memos = new LRUCache<string, { readonly memo: Memo }>(atMost(MAX_REMEMBERED))
  /** What was known before a write whose answer was lost, by decision id: verification compares with it. */
  const unanswered = new LRUCache<string, { readonly before: Memo | undefined }>(atMost(MAX_REMEMBERED))
  const setUpInTurn = createTurns()

  /** Two first bids on one campaign would both create what only one may. So they go one by one until one has succeeded. */
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
    const called = await run(connector.placeBid(intent, memo), 'bid')
    const { outcome } = called
    if (outcome.is !== 'accepted') {
      // What was remembered may be what was wrong, and an unknown outcome may have changed it.
      if (outcome.is !== 'throttled') memos.delete(intent.campaignId)
      if (outcome.is === 'unknown') unanswered.set(intent.decisionId, { before: memo })
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
      verifyBid && ((intent) => run(verifyBid(intent, unanswered.get(intent.decisionId)?.before), 'bid')),
    readCampaignBudget: (campaignId, priority) => run(connector.readCampaignBudget(campaignId), priority),
    updateCampaignBudget: (campaignId, dailyBudget, priority) =>
      run(connector.updateCampaignBudget(campaignId, dailyBudget), priority),
    setCampaignStatus: (campaignId, status, priority) =>
      run(connector.setCampaignStatus(campaignId, status), priority),
  }
}
