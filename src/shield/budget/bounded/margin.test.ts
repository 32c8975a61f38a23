import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { varianceOf } from './cohorts.ts'
import { bestLambda, Lambda, margin } from './margin.ts'

const SEED = Number(process.env['SEED'] ?? 20_261_121)

interface Bid {
  readonly price: number
  readonly chance: number
}

const bids = fc.array(
  fc.record({
    price: fc.integer({ min: 1, max: 12 }),
    chance: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
  }),
  { minLength: 1, maxLength: 40 },
)
const negLogProbability = fc.double({ min: 0.5, max: 12, noNaN: true })

/** After some bids: the probability of each sum of bills, over the cases in which the line was never crossed. */
type Sums = Map<number, number>

function add(sums: Sums, { price, chance }: Bid): Sums {
  const next: Sums = new Map()
  const put = (sum: number, probability: number) => next.set(sum, (next.get(sum) ?? 0) + probability)
  for (const [sum, probability] of sums) {
    put(sum, probability * (1 - chance))
    put(sum + price, probability * chance)
  }
  return next
}

/**
 * The probability, computed over all outcomes, that bills ever exceed what is expected by more than the line, after any
 * number of these bids.
 */
function crossing(all: readonly Bid[], line: (of: { variance: number; price: number }) => number): number {
  let sums: Sums = new Map([[0, 1]])
  let crossed = 0
  const known = { cost: 0, variance: 0, price: 0 }
  for (const bid of all) {
    known.cost += bid.chance * bid.price
    known.variance += varianceOf(bid.chance) * bid.price ** 2
    known.price = Math.max(known.price, bid.price)
    sums = add(sums, bid)
    const limit = known.cost + line(known)
    for (const [sum, probability] of sums) {
      if (sum <= limit) continue
      crossed += probability
      sums.delete(sum)
    }
  }
  return crossed
}

const totalOf = (all: readonly Bid[]) => ({
  cost: 0,
  variance: all.reduce((sum, { price, chance }) => sum + varianceOf(chance) * price ** 2, 0),
  price: Math.max(...all.map(({ price }) => price)),
})

describe('the margin of a slot', () => {
  it('is exceeded at some moment with at most the given probability, with whatever λ and whatever bids', () => {
    const factor = fc.double({ min: 0.1, max: 10, noNaN: true })
    fc.assert(
      fc.property(bids, negLogProbability, factor, (all, doubt, off) => {
        const lambda = bestLambda(totalOf(all), doubt) * off
        const probability = crossing(all, (of) => margin({ ...of, cost: 0 }, lambda, doubt))
        expect(probability).toBeLessThanOrEqual(Math.exp(-doubt) + 1e-12)
      }),
      { numRuns: 200, seed: SEED },
    )
  })

  it('would be exceeded more often if λ were chosen anew at every hold', () => {
    const all = Array.from({ length: 1_500 }, () => ({ price: 1, chance: 0.1 }))
    const doubt = 2
    const anew = crossing(all, (of) =>
      margin({ ...of, cost: 0 }, bestLambda({ ...of, cost: 0 }, doubt), doubt),
    )
    expect(anew).toBeGreaterThan(Math.exp(-doubt))
    const lambda = bestLambda(totalOf(all), doubt)
    expect(crossing(all, (of) => margin({ ...of, cost: 0 }, lambda, doubt))).toBeLessThan(Math.exp(-doubt))
  })

  it('is below the bound of Bernstein with the best λ', () => {
    for (const variance of [4, 100, 4_000]) {
      for (const doubt of [14, 25]) {
        const of = { cost: 0, variance, price: 1 }
        const bernstein = doubt / 3 + Math.sqrt((doubt / 3) ** 2 + 2 * variance * doubt)
        expect(margin(of, bestLambda(of, doubt), doubt)).toBeLessThan(bernstein)
      }
    }
  })

  it('is infinite without a λ, and a number with one that is far too high', () => {
    expect(margin({ cost: 0, variance: 1, price: 1 }, 0, 20)).toBe(Number.POSITIVE_INFINITY)
    expect(margin({ cost: 0, variance: 0, price: 1e6 }, 1, 20)).toBe(20)
  })
})

it('the λ in use is never younger than the present slot of a group that it bounds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 80 }),
      fc.integer({ min: 1, max: 4 }),
      (turns, size) => {
        const groups = Array.from({ length: size }, (_, number) => ({ number, beganAt: 0 }))
        const lambda = new Lambda<(typeof groups)[number]>()
        turns.forEach((turn, i) => {
          const group = groups[turn % size]
          if (!group) return
          group.beganAt = i + 1
          // Each λ is the number of the turn in which it was chosen.
          lambda.begin(group, groups, () => i + 1)
          for (const { beganAt } of groups) if (beganAt > 0) expect(lambda.now).toBeLessThanOrEqual(beganAt)
        })
        if (size === 1) expect(lambda.now).toBe(turns.length)
      },
    ),
    { numRuns: 200, seed: SEED },
  )
})
