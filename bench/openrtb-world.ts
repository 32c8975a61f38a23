import { readdirSync, readFileSync } from 'node:fs'
import {
  type CampaignIndex,
  type CampaignSpec,
  createAuctionBudget,
  createBidIds,
  createNoticeTokens,
  type DecideAuctionDeps,
  FrequencyCaps,
  isRefusal,
  limitsOf,
  type OpenRtbRequest,
  prepareCampaign,
  readBidRequest,
  type Seat,
} from '../src/agent/exchange/openrtb/index.ts'
import { Pacer, TrafficCurve } from '../src/agent/exchange/pacing/index.ts'
import { Shader } from '../src/agent/exchange/shading/index.ts'
import { type Micros, micros } from '../src/money.ts'
import { BudgetManager } from '../src/shield/index.ts'
import { systemClock } from '../src/time/clock.ts'

/** What the benches of the bidder without HTTP have in common. */

const SAMPLES = new URL('./openrtb-samples/', import.meta.url)
export const samples: unknown[] = readdirSync(SAMPLES).map((name) =>
  JSON.parse(readFileSync(new URL(name, SAMPLES), 'utf8')),
)
const RATES = new Map(Object.entries({ USD: 1, EUR: 0.92, GBP: 0.79, JPY: 151 }))
export const SIZES = [
  [300, 250],
  [320, 50],
  [728, 90],
  [160, 600],
  [300, 600],
  [970, 250],
  [336, 280],
  [320, 100],
  [468, 60],
  [970, 90],
] as const
export const COUNTRIES = ['USA', 'GBR', 'DEU', 'CAN', 'BRA', 'MEX', 'FRA', 'JPN', 'AUS', 'ESP']
export const PLENTY = micros(1_000_000_000_000_000)

export const SEAT: Seat = {
  id: 'acme',
  hold: { ttlMs: 300_000, onExpiry: 'release' },
  billOn: 'billing',
  noticeUrl: 'https://bid.example.com/openrtb2/notice',
}

export function readRequest(body: unknown): OpenRtbRequest {
  const request = readBidRequest(body)
  if (isRefusal(request)) throw new Error(`sample refused: ${request.refused}`)
  return request
}

/** Stores the campaigns of these specs, each with a budget of its own beside the two that all share. */
export function storeCampaigns(
  budget: BudgetManager,
  campaigns: CampaignIndex,
  specs: Iterable<CampaignSpec>,
  globalMax: Micros = PLENTY,
): void {
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: globalMax } as const]
  const shared = [budget.define('global', 'USD', limits), budget.define('platform:openrtb', 'USD', limits)]
  let i = 0
  for (const spec of specs) {
    const own = budget.define(`campaign:openrtb:bench-${i}`, 'USD', limitsOf(spec))
    campaigns.put(prepareCampaign(`bench-${i}`, spec, [...shared, own]))
    i += 1
  }
}

export const newBudget = (): BudgetManager => new BudgetManager({ clock: systemClock, rememberEnded: 8000 })

/** @param maxBids most bids kept in memory */
export const auctionDeps = (
  budget: BudgetManager,
  campaigns: CampaignIndex,
  maxBids: number,
  predict: DecideAuctionDeps['predict'],
): DecideAuctionDeps => ({
  clock: systemClock,
  campaigns,
  auctionBudget: createAuctionBudget(budget, 'USD', maxBids),
  pacing: new Pacer({ clock: systemClock, budget, shapeOf: () => new TrafficCurve(Date.now()).shape() }),
  frequencyCaps: new FrequencyCaps(systemClock),
  shading: new Shader({ clock: systemClock, seats: [SEAT] }),
  ids: createBidIds(),
  tokens: createNoticeTokens([{ id: 'k1', secret: 'bench' }]),
  currency: 'USD',
  rates: RATES,
  networkMarginMs: 20,
  maxRequestShare: 1,
  predict,
  typicalLtv: () => 120,
  recordLtv: () => {},
})
