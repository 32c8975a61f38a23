import type { z } from 'zod'
import {
  type BillingNotice,
  CampaignIndex,
  CampaignSpec,
  createAuctionBudget,
  createBidIds,
  createNoticeTokens,
  type DecideAuctionDeps,
  decide,
  type EncryptedPrices,
  FrequencyCaps,
  heardIn,
  isRefusal,
  LossTrust,
  limitsOf,
  type NoticeKind,
  type OpenRtbVersion,
  PredictionTable,
  prepareCampaign,
  readBidRequest,
  type Seat,
  SeenBids,
  type Settlement,
  settleNotice,
  writeAnswer,
} from '../../src/agent/exchange/openrtb/index.ts'
import { Pacer, TrafficCurve } from '../../src/agent/exchange/pacing/index.ts'
import { Shader } from '../../src/agent/exchange/shading/index.ts'
import { type Micros, micros } from '../../src/money.ts'
import { BudgetManager, type BudgetStore, type LimitSpec, type Scope } from '../../src/shield/index.ts'
import type { Clock } from '../../src/time/clock.ts'
import { FakeClock } from './fake-clock.ts'

/** A bid of a response, as an exchange reads it. */
export interface ReadBid {
  readonly id: string
  readonly impid: string
  readonly price: number
  readonly adm: string
  readonly nurl: string
  readonly burl: string
  readonly lurl: string
  readonly dealid?: string
  readonly ext: { readonly bidwarden: Readonly<Record<string, unknown>> }
  readonly [member: string]: unknown
}

export interface ReadResponse {
  readonly id: string
  readonly bidid?: string
  readonly cur: string
  readonly seatbid: readonly {
    readonly seat: string
    readonly group?: number
    readonly bid: readonly ReadBid[]
  }[]
  readonly ext?: {
    readonly seatnonbid: readonly { nonbid: readonly { impid: string; statuscode: number }[] }[]
  }
}

export type CampaignInput = Partial<z.input<typeof CampaignSpec>>

export interface BidderOptions {
  readonly campaigns?: Readonly<Record<string, CampaignInput>>
  readonly rates?: Readonly<Record<string, number>>
  readonly currency?: string
  readonly globalLimits?: readonly LimitSpec[]
  readonly billOn?: BillingNotice
  readonly holdMs?: number
  readonly typicalLtv?: number
  readonly rememberEnded?: number
  readonly maxRequestShare?: number
  readonly random?: () => number
  /** Whether another process learns prices from what this one reports. */
  readonly reports?: boolean
  /** Shared with other bidders, of other owners. */
  readonly clock?: FakeClock
  readonly owner?: string
  readonly encryptedPrices?: EncryptedPrices
  /** The memory of this process where nothing is said. */
  readonly store?: (clock: Clock) => BudgetStore
}

/** A campaign that bids $5 CPM for a 300x250 banner anywhere, with the changes in `more`. */
export const campaignSpec = (more: CampaignInput = {}): CampaignSpec =>
  CampaignSpec.parse({
    seat: 'acme',
    advertiserDomain: 'shop.example.com',
    categories: ['IAB22-2'],
    price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
    creatives: [bannerCreative()],
    ...more,
  })

export const bannerCreative = (more: object = {}) => ({
  id: 'cr-1',
  type: 'banner' as const,
  sizes: [{ w: 300, h: 250 }],
  markup: '<a href="https://shop.example.com">"Buy"</a>',
  ...more,
})

export const videoCreative = (more: object = {}) => ({
  id: 'cr-video',
  type: 'video' as const,
  vast: '<VAST version="3.0"><Ad><InLine></InLine></Ad></VAST>',
  durationSeconds: 30,
  mimes: ['video/mp4'],
  ...more,
})

/** A request for one 300x250 banner, with the changes in `more`. */
export const bannerRequest = (imp: object = {}, more: object = {}) => ({
  id: 'req-1',
  imp: [{ id: 'imp-1', banner: { w: 300, h: 250 }, ...imp }],
  site: { domain: 'news.example.org' },
  device: { geo: { country: 'USA' }, devicetype: 2 },
  ...more,
})

export const videoRequest = (video: object = {}, imp: object = {}) =>
  bannerRequest({ banner: undefined, video: { mimes: ['video/mp4'], ...video }, ...imp })

/** A whole bidder on fake time: takes requests and notices, gives answers, on the real shield. */
export function createBidder(options: BidderOptions = {}) {
  const { clock = new FakeClock(), owner = 'owner111' } = options
  const overdrafts: { scope: string; amount: number }[] = []
  const budget = new BudgetManager({
    clock,
    owner,
    rememberEnded: options.rememberEnded ?? 10_000,
    ...(options.store && { store: options.store(clock) }),
    onOverdraft: (scope, amount) => overdrafts.push({ scope: scope.name, amount }),
  })
  const currency = options.currency ?? 'USD'
  const rates = new Map(Object.entries(options.rates ?? {}))
  const global = budget.define('global', currency, options.globalLimits ?? [])
  const campaigns = new CampaignIndex()
  const scopesOf = (id: string): Scope[] =>
    [global, budget.scope(`campaign:openrtb:${id}`)].filter((s) => s !== undefined)
  const put = (id: string, input: CampaignInput = {}): void => {
    const spec = campaignSpec(input)
    budget.define(`campaign:openrtb:${id}`, currency, limitsOf(spec))
    campaigns.put(prepareCampaign(id, spec, scopesOf(id)))
  }
  for (const [id, input] of Object.entries(options.campaigns ?? { c1: {} })) put(id, input)

  const limits = { maxRows: 1000, maxBytes: undefined }
  const predictions = new PredictionTable(clock, 'a secret', limits).of(undefined)
  const ids = createBidIds(owner)
  const tokens = createNoticeTokens([{ id: 'k1', secret: 'a secret' }])
  const recorded: number[] = []
  const auctionBudget = createAuctionBudget(budget, 'USD', 1_000_000)
  const traffic = new TrafficCurve(clock.nowMs())
  const pacer = new Pacer({
    ...{ clock, budget, shapeOf: () => traffic.shape() },
    ...(options.random && { random: options.random }),
  })
  const shader = new Shader({
    ...{ clock, seats: [{ id: 'acme' }], reports: options.reports ?? false },
    ...(options.random && { random: options.random }),
  })
  const frequencyCaps = new FrequencyCaps(clock)
  const deps: DecideAuctionDeps = {
    clock,
    pacing: pacer,
    shading: shader,
    frequencyCaps,
    campaigns,
    auctionBudget,
    ids,
    tokens,
    currency,
    rates,
    networkMarginMs: 20,
    maxRequestShare: options.maxRequestShare ?? 1,
    predict: (request) => predictions.find(request),
    typicalLtv: () => options.typicalLtv,
    recordLtv: (_seat, ltv) => recorded.push(ltv),
  }
  const seat: Seat = {
    id: 'acme',
    hold: { ttlMs: options.holdMs ?? 300_000, onExpiry: 'release' },
    billOn: options.billOn ?? 'billing',
    noticeUrl: 'https://bid.example/openrtb2/notice',
    encryptedPrices: options.encryptedPrices,
  }
  /** Contradicted losses in micros, as the store would report them. */
  const falseLosses = { lately: 0, ever: 0 }
  const trust = new LossTrust(clock, () => falseLosses)
  const noticeDeps = {
    clock,
    auctionBudget,
    seen: new SeenBids(),
    trust: {
      of: () => trust,
      contradict(_seat: string, amount: number): void {
        falseLosses.lately += amount
        falseLosses.ever += amount
      },
    },
    rates,
    encryptedPricesOf: () => seat.encryptedPrices,
    owner: ids.owner,
    scopesOf,
  }

  function answer(
    body: unknown,
    version: OpenRtbVersion = '2.6',
    explains = false,
  ): ReadResponse | undefined {
    const request = readBidRequest(JSON.parse(JSON.stringify(body)))
    if (isRefusal(request)) throw new Error(`refused: ${request.refused}`)
    const text = writeAnswer(deps, seat, request, decide(deps, seat, request), {
      version,
      explain: explains ? () => true : undefined,
    })
    return text === undefined ? undefined : JSON.parse(text)
  }
  const bids = (body: unknown, version?: OpenRtbVersion): readonly ReadBid[] =>
    answer(body, version)?.seatbid.flatMap(({ bid }) => bid) ?? []

  return {
    clock,
    budget,
    pacer,
    shader,
    traffic,
    campaigns,
    predictions,
    deps,
    seat,
    noticeDeps,
    falseLosses,
    overdrafts,
    recorded,
    put,
    answer,
    bids,
    bid: (body: unknown, version?: OpenRtbVersion): ReadBid | undefined => bids(body, version)[0],
    /** The reasons of the request's impressions without a bid. */
    reasons(body: unknown): string[] {
      const request = readBidRequest(JSON.parse(JSON.stringify(body)))
      if (isRefusal(request)) throw new Error(`refused: ${request.refused}`)
      return decide(deps, seat, request).noBids.map(({ reason }) => reason)
    },
    held: (): Micros => micros(global.held),
    spent: (): Micros => micros(global.spent),
    /** Calls a notice address as an exchange does. */
    notify(kind: NoticeKind, bid: ReadBid, query: Record<string, string> = {}): Settlement | undefined {
      const verified = tokens.verify(kind, tokenOf(bid, kind))
      const { price, currency: cur, loss, lowest } = query
      if (verified.is !== 'genuine') return undefined
      const { token } = verified
      const said = { price, currency: cur, loss, lowest }
      shader.heard(token.seq, heardIn({ ...noticeDeps, currency }, kind, token, said))
      const settled = settleNotice(noticeDeps, kind, token, said)
      frequencyCaps.heard(token.seq, kind, settled)
      return settled
    },
  }
}

/** Token in a bid's notice address of this kind. */
export const tokenOf = ({ nurl, burl, lurl }: ReadBid, kind: NoticeKind = 'billing'): string =>
  /\/([^/?]+)\?/.exec({ win: nurl, billing: burl, loss: lurl }[kind])?.[1] ?? ''
