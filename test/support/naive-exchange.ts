import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { micros } from '../../src/money.ts'
import { bannerRequest, createBidder, type ReadBid, tokenOf, videoCreative } from './bidder.ts'
import { seededRandom } from './seeded-random.ts'

/**
 * Runs the bidder against a naive exchange that keeps its own books, on fake time: random auctions, wins, losses,
 * silence, prices above the bid, and repeated, late, reordered and forged notices.
 */

const WINDOW_MS = 60_000
const HOLD_MS = 20_000
const GLOBAL_MAX = 400_000
const CAMPAIGN_MAX = 150_000

/** A bid as the exchange remembers it. */
interface Sold {
  readonly bid: ReadBid
  readonly madeMs: number
  /** Micros, computed from the response alone. */
  readonly worth: number
  state: 'open' | 'released' | 'billed'
  /**
   * Whether the amount that it may still be billed is held: while it is open, or was billed while open, until its time
   * is over.
   */
  isHeld: boolean
  /** Micros of its highest bill. */
  paid: number
}

interface Charge {
  readonly atMs: number
  readonly micros: number
}

export function createExchange(random: () => number) {
  const limit = (max: number) => ({
    kind: 'sliding' as const,
    windowSeconds: WINDOW_MS / 1000,
    max: max / 1e6,
  })
  const price = (minCpm: number) => ({ cpmPerLtv: 0.05, minCpm, maxCpm: 20 })
  const bidder = createBidder({
    campaigns: {
      a: { advertiserDomain: 'a.com', limits: [limit(CAMPAIGN_MAX)], price: price(5) },
      b: { advertiserDomain: 'b.com', limits: [limit(CAMPAIGN_MAX)], price: price(6) },
      c: { advertiserDomain: 'c.com', price: price(1), creatives: [videoCreative({ durationSeconds: 15 })] },
      d: { advertiserDomain: 'd.com', price: price(2), creatives: [videoCreative({ durationSeconds: 30 })] },
    },
    globalLimits: [{ kind: 'sliding', windowMs: WINDOW_MS, max: micros(GLOBAL_MAX) }],
    holdMs: HOLD_MS,
    rememberEnded: 50,
    rates: { USD: 1, EUR: 0.8 },
  })
  const global = bidder.budget.scope('global')
  assert(global)
  const sold: Sold[] = []
  /** Counts of what happened, because a simulation in which nothing goes wrong proves nothing. */
  const seen = { auctions: 0, refused: 0, duplicates: 0, raised: 0, doubted: 0, late: 0, fullest: 0 }
  /** By scope: all charges, oldest first, and how much of each was charged without an open hold. */
  const charges = new Map<string, Charge[]>()
  const lateCharges = new Map<string, Charge[]>()
  const scopesOf = ({ bid }: Sold): string[] => ['global', `campaign:openrtb:${bid['cid']}`]
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]

  /** Bids are ordered by time, so the search ends at the first one that is still due. */
  let expired = 0
  function expireBooks(): void {
    bidder.budget.expire()
    const nowMs = bidder.clock.elapsedMs()
    for (let one = sold[expired]; one && nowMs >= one.madeMs + HOLD_MS; one = sold[++expired]) {
      if (one.state === 'open') one.state = 'released'
      one.isHeld = false
    }
  }

  function auction(): void {
    seen.auctions++
    const imps = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, i) =>
      random() < 0.8
        ? { id: `${i}`, banner: { w: 300, h: 250 }, qty: random() < 0.1 ? { multiplier: 2.5 } : undefined }
        : { id: `${i}`, video: { mimes: ['video/mp4'], poddur: 45 } },
    )
    const predictedLtv = Math.floor(random() * 200)
    const cur = random() < 0.2 ? ['EUR'] : undefined
    const test = random() < 0.05 ? 1 : 0
    const request = bannerRequest({}, { imp: imps, cur, test, ext: { bidwarden: { predictedLtv } } })
    const bids = bidder.bids(request)
    if (bids.length === 0) seen.refused++
    for (const bid of bids) {
      const multiplier = imps.find(({ id }) => id === bid.impid)?.qty?.multiplier ?? 1
      const inUsd = cur ? bid.price / 0.8 : bid.price
      const worth = test ? 0 : Math.ceil(((inUsd * multiplier) / 1000) * 1e6 - 1e-6)
      if (test) assert.equal(bidder.notify('billing', bid, { price: `${bid.price}` })?.is, 'test')
      else sold.push({ bid, madeMs: bidder.clock.elapsedMs(), worth, state: 'open', isHeld: true, paid: 0 })
    }
  }

  /** Charges a bid its highest bill, whatever the bidder says, and checks that the bidder has the same. */
  function bill(one: Sold): void {
    const share = pick([1, 0.5, 0.999, 1.5, 0, random()]) ?? 1
    const given = pick([`${one.bid.price * share}`, '', 'AUDIT', 'nonsense', '-3']) ?? ''
    const outcome = bidder.notify('billing', one.bid, { price: given })
    assert(outcome)
    const stated = /^\d/.test(given) ? Math.min(1, Number(given) / one.bid.price) : 1
    const exact = one.worth * stated
    // Bills of dearer bids are stored to a sixteen-thousandth.
    const grain = one.worth > 16_000 ? Math.ceil(one.worth / 16_000) : 0
    if (outcome.is === 'duplicate' || outcome.is === 'duplicate_other_price') {
      assert.equal(one.state, 'billed')
      assert.equal(outcome.spent, 0)
      assert(exact <= one.paid + 1 + grain, 'a higher bill was taken for a repetition')
      seen.duplicates++
      return
    }
    const paid = one.paid + outcome.spent
    assert(Math.abs(paid - exact) <= 2 + grain, 'another price than stated')
    assert(paid <= one.worth + (one.state === 'billed' ? grain : 0), 'more than the bid')
    const is = { open: 'settled', released: 'settled_late', billed: 'raised' } as const
    assert.equal(outcome.is, is[one.state])
    const charge = { atMs: bidder.clock.elapsedMs(), micros: outcome.spent }
    for (const scope of scopesOf(one)) {
      add(charges, scope, charge)
      if (!one.isHeld) add(lateCharges, scope, charge)
    }
    if (one.state === 'released') seen.late++
    if (one.state === 'billed') seen.raised++
    one.state = 'billed'
    one.paid = paid
  }

  function lose(one: Sold): void {
    const outcome = bidder.notify('loss', one.bid, { loss: '102' })
    if (one.state !== 'open') return
    assert(outcome)
    // One in many of its losses is false, so its losses are soon believed no more.
    assert.match(outcome.is, /^(released|contradicted|doubted|recorded)$/)
    if (outcome.is === 'doubted') seen.doubted++
    if (outcome.is !== 'released') return
    one.state = 'released'
    one.isHeld = false
  }

  function forge(one: Sold): void {
    const token = tokenOf(one.bid)
    const at = Math.floor(random() * token.length)
    const forged = `${token.slice(0, at)}${token[at] === 'x' ? 'y' : 'x'}${token.slice(at + 1)}`
    assert.equal(bidder.deps.tokens.verify('billing', forged).is, 'forged')
  }

  const windowSum = (list: readonly Charge[] = []): number => {
    const fromMs = bidder.clock.elapsedMs() - WINDOW_MS
    let total = 0
    for (let i = list.length - 1; i >= 0 && (list[i]?.atMs ?? 0) > fromMs; i--) total += list[i]?.micros ?? 0
    return total
  }
  const total = (list: readonly Charge[] = []): number => list.reduce((sum, { micros }) => sum + micros, 0)

  return {
    seen,
    step(): void {
      const chance = random()
      if (chance < 0.45) auction()
      else if (chance < 0.55) bidder.clock.advance(Math.floor(random() * 4000))
      expireBooks()
      // Mostly one of the latest bids, sometimes any earlier one.
      const one = random() < 0.8 ? pick(sold.slice(-20)) : pick(sold)
      if (!one) return
      if (chance >= 0.55 && chance < 0.75) bill(one)
      else if (chance >= 0.75 && chance < 0.92) lose(one)
      else if (chance >= 0.92 && chance < 0.96) bidder.notify('win', one.bid, { price: '1' })
      else if (chance >= 0.96) forge(one)
    },
    /** Checks invariants 1 to 3 of the shield by the exchange's books. */
    check(): void {
      expireBooks()
      const open = sold.slice(expired).filter(({ isHeld }) => isHeld)
      for (const [name, max] of [
        ['global', GLOBAL_MAX],
        ['campaign:openrtb:a', CAMPAIGN_MAX],
        ['campaign:openrtb:b', CAMPAIGN_MAX],
      ] as const) {
        const scope = bidder.budget.scope(name)
        assert(scope)
        const held = open
          .filter((one) => scopesOf(one).includes(name))
          .reduce((sum, { worth, paid }) => sum + Math.max(0, worth - paid), 0)
        assert(Math.abs(scope.held - held) <= open.length, `${name} holds ${scope.held}, not ${held}`)
        assert.equal(scope.spent, total(charges.get(name)), `${name} counts other money than was billed`)
        const counted = windowSum(charges.get(name)) + scope.held
        assert(
          counted - windowSum(lateCharges.get(name)) <= max,
          `${name} is over its limit by bills that were not late`,
        )
        seen.fullest = Math.max(seen.fullest, counted / max)
        assert(counted <= max + scope.overdraft, `${name} is over its limit and does not say so`)
      }
    },
    finish(): void {
      bidder.clock.advance(HOLD_MS)
      bidder.budget.expire()
      for (const scope of bidder.budget.scopes) assert.equal(scope.held, 0)
    },
  }
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  list.push(value)
}

/** Plays this many steps of one exchange, checks now and then, and returns what happened. */
export function playLong(steps: number): ReturnType<typeof createExchange>['seen'] {
  const exchange = createExchange(seededRandom(20_261_120))
  for (let i = 0; i < steps; i++) {
    exchange.step()
    if (i % 2000 === 0) exchange.check()
  }
  exchange.check()
  exchange.finish()
  return exchange.seen
}

/** Plays many short games of random length, checked after every step. */
export function playMany(games: number): void {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 20, max: 300 }), (seed, steps) => {
      const exchange = createExchange(seededRandom(seed))
      for (let i = 0; i < steps; i++) {
        exchange.step()
        exchange.check()
      }
      exchange.finish()
    }),
    { numRuns: games },
  )
}
