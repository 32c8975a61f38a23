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

  it('are remembered by their chunks, and what was deleted of them is forgotten', () => {
    const marked: [string, number][] = []
    const seen = new SeenBids(undefined, (owner, chunk) => marked.push([owner, chunk]))
    for (const seq of [5, 1_023, 1_024, PAGE + 1_024]) seen.mark('a', seq, BILLED)
    seen.mark('a', 5, BILLED)
    seen.mark('b', 7, WON)
    expect(marked).toEqual([
      ['a', 0],
      ['a', 0],
      ['a', 1],
      ['a', 65],
      ['b', 0],
    ])
    const chunks = marked.map(([owner, page]) => ({
      owner,
      page,
      bits: seen.chunk(owner, page) ?? new Uint8Array(),
    }))
    expect(seen.chunk('c', 0)).toBeUndefined()

    const again = new SeenBids()
    again.restore(chunks, [{ owner: 'c', below: 3 }])
    for (const seq of [5, 1_023, 1_024, PAGE + 1_024]) expect(again.mark('a', seq, BILLED)).toBe('again')
    expect([again.mark('a', 6, BILLED), again.mark('a', 5, WON)]).toEqual(['first', 'first'])
    expect([again.mark('b', 7, WON), again.mark('b', 7, BILLED)]).toEqual(['again', 'first'])
    expect([again.mark('c', 3 * 1_024 - 1, BILLED), again.mark('c', 3 * 1_024, BILLED)]).toEqual([
      'forgotten',
      'first',
    ])
  })
})
