import { LRUCache } from 'lru-cache'
import { atMost } from '../cache-size.ts'
import type { Micros } from '../money.ts'
import type { Called, Priority } from '../shield/index.ts'
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

export function createOperations<Memo>(connector: Connector<Memo>, run: Runner): Operations {
  const memos = new LRUCache<string, { readonly memo: Memo }>(atMost(MAX_REMEMBERED))
  /** What was known before a write whose answer was lost, by decision id: verification compares with it. */
  const unanswered = new LRUCache<string, { readonly before: Memo | undefined }>(atMost(MAX_REMEMBERED))
  const setUps = new Map<string, Promise<unknown>>()

  /** Two first bids on one campaign would both create what only one may; the later waits for the earlier. */
  async function settledMemo(campaignId: string): Promise<Memo | undefined> {
    while (!memos.has(campaignId) && setUps.has(campaignId)) await setUps.get(campaignId)
    return memos.get(campaignId)?.memo
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
    async placeBid(intent) {
      const memo = await settledMemo(intent.campaignId)
      if (memo !== undefined) return place(intent, memo)
      const setUp = place(intent, undefined)
      const ended = setUp.catch(() => {})
      setUps.set(intent.campaignId, ended)
      ended.then(() => setUps.delete(intent.campaignId))
      return setUp
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
