import { type DecisionRecord, type Decisions, spenderOf } from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import { PLATFORMS } from '../connectors/index.ts'
import { BID_SOURCES, type BidBook, type BidFound, type BoughtBy } from '../conversions/index.ts'

/** The bids of this process and of its earlier starts, to which conversions are joined. */
export function bidBook({ platforms, store, operatorOrg }: Config, decisions: Decisions): BidBook {
  const orgOf = (orgId: number) => (orgId === operatorOrg ? undefined : orgId)
  return {
    isPartial: store.is === 'redis',
    async find(orgId, bidId) {
      const record = await decisions.find(bidId)
      return record?.org === orgOf(orgId) ? foundOf(record) : { is: 'unknown' }
    },
    async spentPage(orgId, fromMs, toMs) {
      const { parts, ...page } = await decisions.spentPage(fromMs, toMs)
      const spends = parts.flatMap(({ payer, source, amount, bids, unknown }) => {
        const spender = spenderOf(payer)
        const platform = PLATFORMS.find((one) => one === spender?.platform)
        if (!spender || platform === undefined || spender.org !== orgOf(orgId)) return []
        const { campaignId } = spender
        const known = BID_SOURCES.find((one) => one === source) ?? null
        const { currency } = platforms[platform]
        return [{ platform, campaignId, source: known, currency, micros: amount, bids, unknown }]
      })
      return { ...page, spends }
    },
  }
}

function foundOf(record: DecisionRecord | undefined): BidFound {
  if (!record) return { is: 'unknown' }
  const bought = boughtBy(record)
  switch (record.status) {
    case 'placed':
      return bought ? { is: 'bought', bought } : { is: 'no_spend' }
    case 'outcome_unknown':
      return { is: 'open', bought }
    case 'deferred':
      return { is: 'open', bought: undefined }
    default:
      return { is: 'no_spend' }
  }
}

function boughtBy({ atMs, platform, request, decision, currency }: DecisionRecord): BoughtBy | undefined {
  return decision && { atMs, platform, campaignId: request.campaignId, source: decision.source, currency }
}
