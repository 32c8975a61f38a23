import { expect, it } from 'vitest'
import { AGES, chancesByAge, Outcomes } from './outcomes.ts'

const steps = (of: Record<number, number>) => Uint32Array.from({ length: AGES + 1 }, (_, age) => of[age] ?? 0)
/** −ln of the probability that an upper limit is wrong: one in a million. */
const DOUBT = Math.log(1e6)

/** Cohorts of a thousand bids: eighty are won and billed in the third step of age, all losses are told in the second. */
function known(cohorts: number): Outcomes {
  const outcomes = new Outcomes()
  for (let i = 0; i < cohorts; i++) {
    outcomes.learn(steps({ 0: 1_000, 1: 1_000, 2: 80 }), steps({ 2: 80 }))
  }
  return outcomes
}

it('an open bid weighs what the statistics of its age say, and its full price while there are none', () => {
  expect(new Outcomes().chance(0, DOUBT)).toBe(1)
  const outcomes = known(100)
  expect(outcomes.chance(0, DOUBT)).toBeGreaterThan(0.08)
  expect(outcomes.chance(0, DOUBT)).toBeLessThan(0.09)
  expect(outcomes.chance(2, DOUBT)).toBe(1)
  expect(outcomes.chance(AGES, DOUBT)).toBe(1)
  expect(outcomes.hazard(1)).toBe(0)
  expect(outcomes.hazard(2)).toBe(1)
})

it('the upper limit of a chance approaches it as more bids are known, and is never below it', () => {
  const limits = [1, 10, 100, 1_000].map((cohorts) => known(cohorts).chance(0, DOUBT))
  expect(limits).toEqual(limits.toSorted((a, b) => b - a))
  expect(limits.at(-1)).toBeGreaterThan(0.08)
  expect(limits.at(-1)).toBeLessThan(0.082)
})

it('a bid that was made early in its slot weighs what the next older ones do', () => {
  const [atOnce = 0, next = 0, , after = 0] = chancesByAge(known(100), DOUBT)
  expect(atOnce).toBeLessThan(0.09)
  expect({ next, after }).toEqual({ next: 1, after: 1 })
})

it('what is two generations old is forgotten', () => {
  const outcomes = known(100)
  for (let slot = 0; slot < 16 * AGES; slot++) outcomes.age()
  expect(outcomes.chance(0, DOUBT)).toBeLessThan(0.09)
  for (let slot = 0; slot < 16 * AGES; slot++) outcomes.age()
  expect(outcomes.chance(0, DOUBT)).toBe(1)
})

it('the probability that the upper limit is ever below the chance while bids are counted is at most the given one', () => {
  const doubt = Math.log(20)
  // The same for every chance below.
  const limits = new Map<string, number>()
  const limitAfter = (reached: number, billed: number): number => {
    const known = limits.get(`${reached} ${billed}`)
    if (known !== undefined) return known
    const outcomes = new Outcomes()
    outcomes.learn(steps({ 0: reached }), steps({ 0: billed }))
    const limit = outcomes.chance(0, doubt)
    limits.set(`${reached} ${billed}`, limit)
    return limit
  }
  for (const chance of [0.02, 0.1, 0.5]) {
    // Over all outcomes: the probability of each number of bills after some bids, where no limit was wrong so far.
    let counts = new Map([[0, 1]])
    let wrong = 0
    for (let reached = 1; reached <= 300; reached++) {
      const next = new Map<number, number>()
      for (const [billed, probability] of counts) {
        next.set(billed, (next.get(billed) ?? 0) + probability * (1 - chance))
        next.set(billed + 1, (next.get(billed + 1) ?? 0) + probability * chance)
      }
      for (const [billed, probability] of next) {
        if (limitAfter(reached, billed) >= chance) continue
        wrong += probability
        next.delete(billed)
      }
      counts = next
    }
    expect(wrong).toBeLessThanOrEqual(1 / 20)
  }
})
