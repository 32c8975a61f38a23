import { describe, expect, it } from 'vitest'
import { SeenBids } from './index.ts'
import { isHigher, LOST, WON } from './seen-bids.ts'

/** Bids on one page, and in one chunk of it. */
const PAGE = 8_192
const CHUNK = 256

describe('seen bids', () => {
  it('tell the first time from every other, for each bid and each thing on its own', () => {
    const seen = new SeenBids()
    for (const seq of [0, 1, 2, 3, 4, 5, PAGE - 1, PAGE, 3 * PAGE + 7]) {
      expect([seen.has('a', seq, WON), seen.has('a', seq, LOST)]).toEqual([false, false])
      expect([seen.mark('a', seq, WON), seen.mark('a', seq, WON)]).toEqual(['first', 'again'])
      expect([seen.has('a', seq, LOST), seen.billed('a', seq, 50)]).toEqual([false, undefined])
      expect([seen.mark('a', seq, LOST), seen.mark('a', seq, LOST)]).toEqual(['first', 'again'])
      expect([seen.has('a', seq, WON), seen.mark('b', seq, WON)]).toEqual([true, 'first'])
    }
  })

  it('remember the highest bill of each bid, and nothing more of it', () => {
    const seen = new SeenBids()
    for (const [seq, held] of [1, 2, 16_382, 16_383, 1_000_000, 4_000_000_001].entries()) {
      expect(seen.billed('a', seq, held)).toBeUndefined()
      for (const share of [0, 0.3, 0.299, 0.9, 1, 0.5]) {
        const amount = Math.floor(held * share)
        const before = seen.billed('a', seq, held) ?? 0
        expect(seen.bill('a', seq, held, amount)).toBe('noted')
        const billed = seen.billed('a', seq, held) ?? -1
        const highest = Math.max(before, amount)
        expect(billed).toBeLessThanOrEqual(highest)
        expect(highest - billed).toBeLessThanOrEqual(held <= 16_382 ? 0 : held / 16_000)
        expect(isHigher(amount, billed, held)).toBe(false)
      }
      expect(seen.billed('a', seq, held)).toBe(held)
    }
  })

  it('say of what they no longer know that it is forgotten, never that it is new', () => {
    const seen = new SeenBids(2 * 8192)
    for (const page of [0, 1, 2, 3]) expect(seen.bill('a', page * PAGE, 9, 4)).toBe('noted')
    expect([seen.bill('a', 0, 9, 4), seen.billed('a', 0, 9)]).toEqual(['forgotten', undefined])
    expect(seen.mark('a', PAGE + 5, WON)).toBe('forgotten')
    expect([seen.bill('a', 2 * PAGE, 9, 4), seen.billed('a', 2 * PAGE, 9)]).toEqual(['noted', 4])
    expect(seen.mark('a', 2 * PAGE + 1, WON)).toBe('first')
    expect(seen.mark('b', 0, WON)).toBe('first')
    expect(seen.bill('a', 2 * PAGE, 9, 4)).toBe('forgotten')
  })

  it('are remembered by their chunks, and what was deleted of them is forgotten', () => {
    const marked: [string, number][] = []
    const seen = new SeenBids(undefined, (owner, chunk) => marked.push([owner, chunk]))
    for (const seq of [5, CHUNK - 1, CHUNK, PAGE + CHUNK]) seen.bill('a', seq, 100, 60)
    seen.bill('a', 5, 100, 60)
    seen.mark('b', 7, WON)
    expect(marked).toEqual([
      ['a', 0],
      ['a', 0],
      ['a', 1],
      ['a', 33],
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
    for (const seq of [5, CHUNK - 1, CHUNK, PAGE + CHUNK]) expect(again.billed('a', seq, 100)).toBe(60)
    expect([again.billed('a', 6, 100), again.mark('a', 5, WON)]).toEqual([undefined, 'first'])
    expect([again.mark('b', 7, WON), again.mark('b', 7, LOST)]).toEqual(['again', 'first'])
    expect([again.mark('c', 3 * CHUNK - 1, WON), again.mark('c', 3 * CHUNK, WON)]).toEqual([
      'forgotten',
      'first',
    ])
  })

  it('of two processes are joined: all flags, and the higher bill', () => {
    const [one, other] = [new SeenBids(), new SeenBids()]
    one.bill('a', 3, 100, 20)
    one.mark('a', 3, WON)
    other.bill('a', 3, 100, 70)
    other.mark('a', 4, LOST)
    one.merge({ owner: 'a', page: 0, bits: other.chunk('a', 0) ?? new Uint8Array() })
    expect([one.billed('a', 3, 100), one.has('a', 3, WON), one.has('a', 4, LOST)]).toEqual([70, true, true])
  })

  it('take over the marks of an earlier version, in which every bill stands, and keep them anew', () => {
    const marked = new Set<number>()
    const seen = new SeenBids(undefined, (_owner, chunk) => marked.add(chunk))
    const bits = new Uint8Array(256)
    // Bids 1 (won), 2 (billed) and 1023 (both) of the second thousand, two bits each.
    bits[0] = (1 << 2) | (2 << 4)
    bits[255] = 3 << 6
    seen.restore([{ owner: 'a', page: 1, bits }], [])
    expect([1025, 1026, 2047].map((seq) => seen.has('a', seq, WON))).toEqual([true, false, true])
    expect([1025, 1026, 2047, 1].map((seq) => seen.billed('a', seq, 80))).toEqual([
      undefined,
      80,
      80,
      undefined,
    ])
    expect([...marked]).toEqual([4, 7])
  })
})
