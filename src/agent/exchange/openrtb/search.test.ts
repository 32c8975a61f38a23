import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  bannerCreative,
  bannerRequest,
  type CampaignInput,
  createBidder,
  videoCreative,
} from '../../../../test/support/bidder.ts'
import { micros } from '../../../money.ts'
import { type BudgetStore, MemoryStore } from '../../../shield/index.ts'
import type { Clock } from '../../../time/clock.ts'
import type { Creative } from './creative.ts'
import type { DealOffer, Imp } from './imp.ts'
import { sizeKey } from './imp.ts'
import { decide, isRefusal, type OpenRtbRequest, readBidRequest } from './index.ts'
import { mismatch } from './match.ts'
import { type NoBidReason, nearer } from './no-bid.ts'
import { Listing } from './offer-blocks.ts'
import { agreedPrice, costOf, floorCpm, priceFor } from './price.ts'

/** The search of offers against the plain walk over all of them. */

type Bidder = ReturnType<typeof createBidder>

const SIZES: readonly (readonly [number, number])[] = [
  [300, 250],
  [320, 50],
]
const COUNTRIES = ['USA', 'DEU']

interface Walked {
  readonly best: { readonly campaign: string; readonly price: number } | undefined
  readonly reasons: ReadonlyMap<string, NoBidReason>
}

/** Every active campaign in the order they were put, every creative, every size: nothing is left out. */
function walk(
  { campaigns, deps, seat, clock }: Bidder,
  request: OpenRtbRequest,
  imp: Imp,
  deal?: DealOffer,
): Walked {
  const reasons = new Map<string, NoBidReason>()
  let best: { campaign: string; price: number; worth: number } | undefined
  const look = (campaign: NonNullable<ReturnType<typeof campaigns.get>>, creative: Creative): void => {
    const { spec } = campaign
    const worth = Math.min(Math.max(100 * campaign.microsPerLtv, spec.price.minCpm), spec.price.maxCpm)
    if (best && worth <= best.worth) return
    const seconds = 'seconds' in creative ? creative.seconds : 0
    const floor = floorCpm(deal?.floor ?? imp.floor, seconds)
    const agreed = deal?.at === 3 && floor > 0 ? agreedPrice(floor) : undefined
    const price = agreed === undefined ? priceFor(worth, floor) : worth >= agreed ? agreed : undefined
    const refuse = (reason: NoBidReason) => reasons.set(campaign.id, nearer(reasons.get(campaign.id), reason))
    if (worth <= 0) refuse('no_ltv')
    else if (price === undefined) refuse(deal ? 'below_deal_floor' : 'below_floor')
    else {
      const reason = mismatch(request, imp, { campaign, creative, sizeJson: '' }, deal, clock.nowMs())
      const cost = costOf(price, 1, imp.multiplier) ?? micros(0)
      if (reason) refuse(reason)
      else {
        const refusal = deps.auctionBudget.refusal(campaign.scopes, cost, seat)
        if (refusal) refuse(refusal.lack)
        else best = { campaign: campaign.id, price, worth }
      }
    }
  }
  const active = [...campaigns.all].filter(
    ({ spec }) =>
      spec.status === 'active' &&
      (deal ? spec.targeting.deals.includes(deal.id) : spec.targeting.deals.length === 0),
  )
  const slots: ((creative: Creative) => boolean)[] = (imp.banner?.sizes ?? []).map(
    (size) => (creative) =>
      creative.kind === 'banner' && creative.sizes.some(({ w, h }) => sizeKey(w, h) === size),
  )
  if (imp.video) slots.push(({ kind }) => kind === 'video')
  for (const isIn of slots) {
    for (const country of [undefined, request.country]) {
      for (const campaign of active) {
        const { countries } = campaign
        if (country === undefined ? countries.length > 0 : !countries.includes(country)) continue
        for (const creative of campaign.creatives) if (isIn(creative)) look(campaign, creative)
      }
    }
  }
  return { best: best && { campaign: best.campaign, price: best.price }, reasons }
}

const limitsOf = (max: number | undefined): CampaignInput['limits'] =>
  max === undefined ? [] : [{ kind: 'sliding', windowSeconds: 60, max }]

const few = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: 2 })
const oneOf = <T>(...values: T[]) => fc.constantFrom(...values)

/** Half of all campaigns have the same terms and differ in their prices, so that many share a group. */
const campaignInput: fc.Arbitrary<CampaignInput> = fc
  .record({
    isPlain: fc.boolean(),
    perImpression: fc.nat(12),
    // Few values, so that many campaigns are worth the same.
    perLtv: oneOf(0, 0, 0.02, 0.05, 0.2),
    minCpm: oneOf(0, 1, 2, 5, 9),
    more: oneOf(0, 0, 1, 4, 20),
    status: oneOf('active', 'active', 'active', 'paused'),
    sizes: fc.uniqueArray(oneOf(...SIZES), { minLength: 1, selector: ([w]) => w }),
    video: oneOf(undefined, undefined, 15, 30),
    countries: few(oneOf(...COUNTRIES)),
    deviceTypes: few(oneOf(2, 4)),
    deals: oneOf<string[]>([], [], [], ['d1'], ['d1', 'd2']),
    categories: few(oneOf('IAB1', 'IAB2-1', 'IAB3')),
    from: oneOf(undefined, undefined, 0, 12),
    rewarded: oneOf('any', 'any', 'none'),
    allow: oneOf<string[]>([], [], ['example.org'], ['other.example']),
    advertiser: oneOf('a.example', 'b.example'),
    max: oneOf(undefined, 0.004, 0.004, 0.012),
  })
  .map((of): CampaignInput => {
    if (of.isPlain) {
      const minCpm = of.minCpm + of.perImpression / 4
      return { price: { cpmPerLtv: of.perLtv, minCpm, maxCpm: minCpm + of.more }, limits: limitsOf(of.max) }
    }
    const banner = bannerCreative({ sizes: of.sizes.map(([w, h]) => ({ w, h })) })
    return {
      status: of.status as 'active',
      advertiserDomain: of.advertiser,
      price: { cpmPerLtv: of.perLtv, minCpm: of.minCpm, maxCpm: of.minCpm + of.more },
      categories: of.categories,
      limits: limitsOf(of.max),
      targeting: {
        countries: of.countries,
        deviceTypes: of.deviceTypes,
        deals: of.deals,
        rewarded: of.rewarded as 'any',
        domains: { allow: of.allow },
      },
      ...(of.from !== undefined && { activeHours: { timezone: 'UTC', from: of.from, to: of.from + 12 } }),
      creatives: of.video === undefined ? [banner] : [banner, videoCreative({ durationSeconds: of.video })],
    }
  })

const auctionBody = fc
  .record({
    sizes: fc.uniqueArray(oneOf(...SIZES), { minLength: 1, selector: ([w]) => w }),
    video: fc.boolean(),
    floor: oneOf(0, 0, 1, 2.5, 6, 40),
    country: oneOf(undefined, ...COUNTRIES),
    devicetype: oneOf(undefined, 2, 4),
    bcat: few(oneOf('IAB1', 'IAB2')),
    badv: oneOf<string[]>([], [], ['a.example']),
    deal: oneOf<object[]>([], [], [{ id: 'd1', bidfloor: 2 }], [{ id: 'd1', bidfloor: 3, at: 3 }]),
  })
  .map(({ sizes, video, floor, country, devicetype, bcat, badv, deal }) =>
    bannerRequest(
      {
        banner: { format: sizes.map(([w, h]) => ({ w, h })) },
        ...(video && { video: { mimes: ['video/mp4'], maxduration: 20 } }),
        bidfloor: floor,
        pmp: { deals: deal, private_auction: deal.length },
      },
      {
        bcat,
        badv,
        device: { geo: { country }, devicetype },
        ext: { bidwarden: { predictedLtv: 100, debug: true } },
      },
    ),
  )

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: fc.nat(89), input: campaignInput }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(89) }) },
  { weight: 6, arbitrary: fc.record({ body: auctionBody, keep: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ advanceMs: oneOf(1, 1_000, 61_000, 3_600_000) }) },
  { weight: 1, arbitrary: fc.record({ pause: fc.nat(89), resume: fc.boolean() }) },
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
type OpenStore = (clock: Clock) => BudgetStore

/** A store whose answers come later, as those of a disk and of Redis do. */
const answersLater: OpenStore = (clock) =>
  new Proxy<BudgetStore>(new MemoryStore(clock), {
    get(store, name) {
      if (name === 'answersAtOnce') return false
      const value = Reflect.get(store, name)
      if (typeof value !== 'function') return value
      if (name === 'watch') return value.bind(store)
      return async (...of: unknown[]) => Reflect.apply(value, store, of)
    },
  })

interface Play {
  readonly first: readonly CampaignInput[]
  readonly steps: readonly Step[]
  /** Limit of the budget that all campaigns share, in micros. */
  readonly globalMax: number
}

const campaigns = fc.array(campaignInput, { minLength: 1, maxLength: 90, size: 'max' })
/** Campaigns that are worth much and can pay little: whole blocks are refused by their own budgets. */
const poorCampaigns = fc.array(
  fc
    .record({ cpm: fc.nat(60), max: oneOf(0.001, 0.002, 0.004, 0.012) })
    .map(({ cpm, max }): CampaignInput => {
      const maxCpm = 1 + cpm / 4
      return { price: { cpmPerLtv: 0, minCpm: maxCpm, maxCpm }, limits: limitsOf(max) }
    }),
  { minLength: 60, maxLength: 90, size: 'max' },
)

const anyPlay: fc.Arbitrary<Play> = fc.record({
  first: fc.oneof(campaigns, poorCampaigns),
  steps: fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
  globalMax: oneOf(60_000, 60_000, 9_000, 2_000),
})

/** How many auctions ended how; a play without any of them would prove nothing. */
interface Seen {
  bids: number
  refused: number
  overBudget: number
}

async function ask(bidder: Bidder, body: object, keep: boolean, seen: Seen): Promise<void> {
  const request = readBidRequest(JSON.parse(JSON.stringify(body)))
  if (isRefusal(request)) throw new Error(request.refused)
  const [imp] = request.imps
  if (!imp) throw new Error('no impression')
  bidder.budget.expire()
  const { best, reasons } = walk(bidder, request, imp, imp.deals[0])
  const decision = decide(bidder.deps, bidder.seat, request)
  const drawn = bidder.deps.auctionBudget.takeShortage()
  if (drawn) {
    await drawn
    await ask(bidder, body, keep, seen)
    return
  }
  const [bid] = decision.groups.flatMap(({ bids }) => bids)
  expect(bid && { campaign: bid.offer.campaign.id, price: bid.price }).toEqual(best)
  if (!bid) {
    expect(new Map(decision.noBids[0]?.campaigns)).toEqual(reasons)
    seen.refused += 1
    if ([...reasons.values()].includes('over_budget')) seen.overBudget += 1
    return
  }
  seen.bids += 1
  if (!keep) bidder.deps.auctionBudget.release(bid.seq)
  else if (bid.seq % 2 === 0) bidder.deps.auctionBudget.settle(bid.seq, bid.cost)
}

async function play(
  { first, steps, globalMax }: Play,
  store: OpenStore | undefined,
  seen: Seen,
): Promise<void> {
  const bidder = createBidder({
    campaigns: Object.fromEntries(first.map((input, i) => [`c${i}`, input])),
    globalLimits: [{ kind: 'sliding', windowMs: 60_000, max: micros(globalMax) }],
    holdMs: 30_000,
    ...(store && { store }),
  })
  await bidder.budget.settled()
  for (const one of steps) {
    if ('input' in one) bidder.put(`c${one.put}`, one.input)
    else if ('remove' in one) bidder.campaigns.remove(`c${one.remove}`)
    else if ('body' in one) await ask(bidder, one.body, one.keep, seen)
    else if ('advanceMs' in one) bidder.clock.advance(one.advanceMs)
    else {
      const scope = bidder.budget.scope(`campaign:openrtb:c${one.pause}`)
      if (scope && one.resume) bidder.budget.resume(scope)
      else if (scope) bidder.budget.pause(scope, 'a test')
    }
    if (store) await setImmediate()
  }
}

describe.each([
  ['that answers at once', undefined],
  ['that answers later', answersLater],
])('the search of offers with a store %s', (_, store) => {
  it('takes the offer that a walk over all of them takes, and tells the same reasons', async () => {
    const seen: Seen = { bids: 0, refused: 0, overBudget: 0 }
    await fc.assert(
      fc.asyncProperty(anyPlay, async (one) => {
        await play(one, store, seen)
      }),
      { numRuns: 20, endOnFailure: true },
    )
    expect(Math.min(seen.bids, seen.refused, seen.overBudget)).toBeGreaterThan(5)
  })
})

describe('a budget that has refused', () => {
  const worth = (predictedLtv: number, more: object = {}) =>
    bannerRequest({}, { ext: { bidwarden: { predictedLtv } }, ...more })

  it('is asked again when its spend has left the window, and not before', () => {
    const price = (i: number) => ({ cpmPerLtv: 0, minCpm: 5 + i / 64, maxCpm: 5 + i / 64 })
    const limits: CampaignInput['limits'] = [{ kind: 'sliding', windowSeconds: 60, max: 0.006 }]
    const campaigns = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [`c${i}`, { price: price(i), limits }]),
    )
    const bidder = createBidder({ campaigns })
    /** Lets bids win until none is left or enough have won. */
    const win = (most: number): number => {
      for (let won = 0; won < most; won++) {
        const bid = bidder.bid(worth(100))
        if (!bid) return won
        bidder.notify('billing', bid, { price: String(bid.price) })
      }
      return most
    }
    /** When the first spend leaves its window. */
    const reliefMs = () => {
      const { standing, answeredMs = 0 } = bidder.budget.scope('campaign:openrtb:c63')?.purse ?? {}
      return answeredMs + (standing?.limits[0]?.nextReliefMs ?? 0)
    }
    expect(win(32)).toBe(32)
    bidder.clock.advance(30_000)
    expect(win(64)).toBe(32)
    bidder.clock.advance(20_000)
    // Answers of the store wake what rests as well. Between the two moments there is none.
    bidder.clock.advance(reliefMs() - bidder.clock.elapsedMs() - 1)
    expect(win(64)).toBe(0)
    bidder.clock.advance(1)
    // The store heard of the last one's spend a little later.
    expect(win(64)).toBeGreaterThanOrEqual(31)
  })

  it('is not asked again for each offer of a block in which the cheapest campaign alone has money left', () => {
    const campaigns = Object.fromEntries(
      Array.from({ length: 32 }, (_, i) => {
        const cpm = 5 + i / 1_000
        const max = i === 0 ? 1_000 : 0.001
        const limits: CampaignInput['limits'] = [{ kind: 'sliding', windowSeconds: 60, max }]
        return [`c${i}`, { price: { cpmPerLtv: 0, minCpm: cpm, maxCpm: cpm }, limits }]
      }),
    )
    const bidder = createBidder({ campaigns })
    // The first bid finds out who has no money, and the second what their offers have in common.
    for (let i = 0; i < 2; i++) expect(bidder.bid(worth(100))?.price).toBe(5)
    const asked = vi.spyOn(Listing.prototype, 'refusalAt')
    onTestFinished(() => asked.mockRestore())
    expect(bidder.bid(worth(100))?.price).toBe(5)
    expect(asked.mock.calls.length).toBeLessThan(5)
  })

  it('still pays for a cheaper bid, wherever its campaign stands among those that rest', () => {
    const fixed = (cpm: number) => ({ cpmPerLtv: 0, minCpm: cpm, maxCpm: cpm })
    const bidder = createBidder({
      campaigns: {
        cheap: {
          price: { cpmPerLtv: 0.1, minCpm: 1, maxCpm: 20 },
          limits: [{ kind: 'sliding', windowSeconds: 60, max: 0.012 }],
        },
        dear: { advertiserDomain: 'dear.example', price: fixed(20), categories: ['IAB7'] },
      },
    })
    const ask = (predictedLtv: number) => bidder.bid(worth(predictedLtv, { bcat: ['IAB7'] }))?.price
    expect([ask(100), ask(100), ask(10), ask(10), ask(10)]).toEqual([10, undefined, 1, 1, undefined])
  })
})
