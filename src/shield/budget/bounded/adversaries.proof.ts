import { afterEach, describe, expect, it, vi } from 'vitest'
import { ADVERSARIES, type Adversary, BOUNDED, meet, STRICT_MODE } from './adversaries.test-support.ts'
import { BoundedHolds } from './bounded-holds.ts'
import { SEED } from './bounded-worlds.test-support.ts'
import { LateBillReserve } from './late-bill-reserve.ts'
import { Outcomes } from './outcomes.ts'

/** Whether an adversary bills nothing late. With those, spend stays within the worst case. */
const isNeverLate = (name: string) =>
  !name.includes('late') && !name.includes('hold') && !name.includes('forgotten')
/** The most that spend may reach once `passedUp` was passed up; both are multiples of the limit. */
const earned = (worstCase: number, passedUp: number) => 1 + Math.max((worstCase - 1) / 8, passedUp / 4)
const named = (part: string): Adversary => {
  const [one] = Object.entries(ADVERSARIES).filter(([name]) => name.includes(part))
  if (!one) throw new Error(part)
  return one[1]
}

describe('an exchange that does what the proof does not expect, with bounded holds', () => {
  afterEach(() => vi.restoreAllMocks())

  describe.each([1.25, 3])('and a worst case of %d', (worstCase) => {
    it.each(Object.entries(ADVERSARIES).filter(([name]) => isNeverLate(name)))(
      'brings spend to at most that multiple of the limit, and at most to what is earned, when it %s',
      (_, adversary) => {
        const { peak, passedUpByPeak, modes } = meet({ ...adversary, worstCase }, BOUNDED, SEED)
        expect(peak).toBeLessThanOrEqual(worstCase)
        expect(peak).toBeLessThanOrEqual(earned(worstCase, passedUpByPeak))
        expect(modes).toContain('bounded')
      },
    )

    it.each(Object.entries(ADVERSARIES).filter(([name]) => !isNeverLate(name)))(
      'brings spend to at most that multiple of what it is with strict holds, when it %s',
      (_, adversary) => {
        const strict = meet(adversary, STRICT_MODE, SEED)
        const { peak } = meet({ ...adversary, worstCase }, BOUNDED, SEED)
        expect(peak).toBeLessThanOrEqual(worstCase * Math.max(1, strict.peak))
      },
    )
  })

  it('would bring spend above what is earned if all of the worst case were allowed from the start', () => {
    vi.spyOn(Outcomes.prototype, 'passedUp', 'get').mockReturnValue(Number.MAX_SAFE_INTEGER)
    const { peak, passedUpByPeak } = meet({ ...named('as soon as'), worstCase: 3 }, BOUNDED, SEED)
    expect(peak).toBeGreaterThan(earned(3, passedUpByPeak))
  })

  it('exceeds no limit where half of the bids are billed just after the hold, though strict holds do', () => {
    const late = named('just after their hold')
    expect(meet({ ...late, worstCase: 100 }, BOUNDED, SEED).peak).toBeLessThanOrEqual(1)
    expect(meet(late, STRICT_MODE, SEED).peak).toBeGreaterThan(1)
  })

  it('would exceed the limit by half if a bid counted as lost when its hold ends, and late bills taught nothing', () => {
    vi.spyOn(LateBillReserve.prototype, 'add').mockImplementation(() => false)
    const { release } = BoundedHolds.prototype
    vi.spyOn(BoundedHolds.prototype, 'release').mockImplementation(function (this: BoundedHolds, hold, how) {
      return release.call(this, hold, how === 'lapsed' ? 'lost' : how)
    })
    const late = named('just after their hold')
    expect(meet({ ...late, worstCase: 100 }, BOUNDED, SEED).peak).toBeGreaterThan(1.5)
  })

  it('would bring spend above that with strict holds if late bills did not make the scope strict', () => {
    const late = { ...named('long after their hold'), worstCase: 100 }
    const strict = meet(late, STRICT_MODE, SEED)
    vi.spyOn(LateBillReserve.prototype, 'add').mockImplementation(() => false)
    expect(meet(late, BOUNDED, SEED).peak).toBeGreaterThan(1.1 * strict.peak)
  })

  it('would bring spend above the worst case if the number of open bids were not limited', () => {
    vi.spyOn(BoundedHolds.prototype, 'mostAllowance', 'set').mockImplementation(() => {})
    expect(meet({ ...named('after few were'), worstCase: 1.25 }, BOUNDED, SEED).peak).toBeGreaterThan(2)
  })
})
