import { describe, expect, it } from 'vitest'
import { bannerRequest, type CampaignInput, createBidder } from '../../../../test/support/bidder.ts'
import { MemoryStore } from '../../../shield/index.ts'

const price = { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 }
/** $0.005 a win: of twelve hours from noon on each pays for 300. */
const daily: CampaignInput = {
  ...{ price, limits: [{ kind: 'day', timezone: 'UTC', max: 18 }], pacing: { mode: 'even' } },
}

type World = ReturnType<typeof createBidder>

/** A request a second, of which every bid wins and is billed at once; returns how many. */
function play({ bid, notify, clock }: World, seconds: number): number {
  let wins = 0
  for (let i = 0; i < seconds; i++) {
    const made = bid(bannerRequest())
    if (made) {
      notify('billing', made)
      wins += 1
    }
    clock.advance(1_000)
  }
  return wins
}

describe('a campaign that is paced', () => {
  it('spends what the plan gives an hour, and says by which share', () => {
    const world = createBidder({ campaigns: { c1: daily }, random: () => 0.5 })
    play(world, 3_600)
    // From noon on the day's budget is spread over twelve hours.
    const now = world.pacer.now('c1')
    expect(now).toMatchObject({ why: 'on_plan', budget: 18_000_000 })
    expect(world.spent() / 1_500_000).toBeGreaterThan(0.95)
    expect(world.spent() / 1_500_000).toBeLessThan(1.05)
    expect(now?.share).toBeCloseTo(300 / 3_600, 2)
    // A share of a twelfth takes a chance within its first 24.
    const made = Array.from({ length: 24 }, () => world.bid(bannerRequest())).find((one) => one !== undefined)
    expect(made?.ext.bidwarden['pace']).toBeCloseTo(now?.share ?? 0, 2)
  })

  it('leaves a chance to the next campaign, and says so where there is none', () => {
    const world = createBidder({
      campaigns: { c1: { ...daily, price: { ...price, minCpm: 5 } } },
      random: () => 0.5,
    })
    expect(world.bid(bannerRequest())).toBeDefined()
    expect(world.reasons(bannerRequest())).toEqual(['paced'])
    world.put('c2', { price: { cpmPerLtv: 0, minCpm: 1, maxCpm: 1 } })
    expect(world.bid(bannerRequest())?.['cid']).toBe('c2')
  })

  it('bids on every test, which says nothing of its pace', () => {
    const world = createBidder({ campaigns: { c1: daily }, random: () => 0.5 })
    for (let i = 0; i < 5; i++) expect(world.bid(bannerRequest({}, { test: 1 }))).toBeDefined()
    expect(world.pacer.now('c1')).toBeUndefined()
  })

  it('takes all of a traffic that is too little', () => {
    const rich: CampaignInput = { ...daily, limits: [{ kind: 'day', timezone: 'UTC', max: 5_000 }] }
    const world = createBidder({ campaigns: { c1: rich }, random: () => 0.5 })
    play(world, 300)
    expect(world.pacer.now('c1')).toMatchObject({ share: 1, why: 'short_of_traffic' })
    expect(play(world, 60)).toBe(60)
  })

  it('keeps its share while the store is away, and bids as soon as possible where its limit was taken away', () => {
    const world = createBidder({
      campaigns: { c1: daily },
      random: () => 0.5,
      store: (clock) => new AwayStore(clock),
    })
    play(world, 600)
    AwayStore.isAway = true
    play(world, 15)
    const before = world.pacer.now('c1')?.share
    play(world, 30)
    expect(world.pacer.now('c1')).toMatchObject({ share: before, why: 'store_away' })
    AwayStore.isAway = false
    world.budget.define('campaign:openrtb:c1', 'USD', [])
    play(world, 15)
    expect(play(world, 15)).toBe(15)
    expect(world.pacer.now('c1')).toBeUndefined()
  })

  it('bids within its flight only, and spends the whole of its limit there', () => {
    const [start, end] = ['2026-11-20T12:10:00Z', '2026-11-20T12:40:00Z']
    const flight: CampaignInput = {
      ...{ price, limits: [{ kind: 'lifetime', max: 2 }], pacing: { mode: 'even', flight: { start, end } } },
    }
    const world = createBidder({ campaigns: { c1: flight }, random: () => 0.5 })
    expect(world.reasons(bannerRequest())).toEqual(['outside_hours'])
    expect(play(world, 600)).toBe(0)
    const first = play(world, 900)
    const second = play(world, 900)
    expect(first / 200).toBeGreaterThan(0.9)
    expect(first / 200).toBeLessThan(1.1)
    expect((first + second) / 400).toBeGreaterThan(0.97)
    expect(first + second).toBeLessThanOrEqual(400)
    expect(play(world, 60)).toBe(0)
  })
})

class AwayStore extends MemoryStore {
  static isAway = false
  override sync(...line: Parameters<MemoryStore['sync']>): ReturnType<MemoryStore['sync']> {
    if (AwayStore.isAway) throw new Error('away')
    return super.sync(...line)
  }
}
