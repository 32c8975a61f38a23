import { describe, expect, it } from 'vitest'
import { SeenBids } from './index.ts'
import { BILLED, WON } from './seen-bids.ts'

/** Bids on one page. */
const PAGE = 65_536

describe('seen bids', () => {
  it('tell the first time from every other, for each bid and each thing on its own', () => {
    const seen = new SeenBids()
    for (const seq of [0, 1, 2, 3, 4, 5, PAGE - 1, PAGE, 3 * PAGE + 7]) {
      expect([seen.has('a', seq, WON), seen.has('a', seq, BILLED)]).toEqual([false, false])
      expect([seen.mark('a', seq, WON), seen.mark('a', seq, WON)]).toEqual(['first', 'again'])
      expect(seen.has('a', seq, BILLED)).toBe(false)
      expect([seen.mark('a', seq, BILLED), seen.mark('a', seq, BILLED)]).toEqual(['first', 'again'])
      expect([seen.has('a', seq, WON), seen.mark('b', seq, WON)]).toEqual([true, 'first'])
    }
  })

  it('say of what they no longer know that it is forgotten, never that it is new', () => {
    const seen = new SeenBids(2)
    for (const page of [0, 1, 2, 3]) expect(seen.mark('a', page * PAGE, BILLED)).toBe('first')
    expect(seen.mark('a', 0, BILLED)).toBe('forgotten')
    expect(seen.mark('a', PAGE + 5, BILLED)).toBe('forgotten')
    expect(seen.mark('a', 2 * PAGE, BILLED)).toBe('again')
    expect(seen.mark('a', 2 * PAGE + 1, BILLED)).toBe('first')
    expect(seen.mark('b', 0, BILLED)).toBe('first')
    expect(seen.mark('a', 2 * PAGE, BILLED)).toBe('forgotten')
  })
})
