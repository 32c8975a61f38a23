import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  DRIFTING,
  expectWithinLimit,
  LIMIT,
  live,
  SEED,
  SLOT_MS,
  SLOWER,
  STEADY,
  TTL_MS,
  WORLDS,
  type World,
} from './bounded-worlds.test-support.ts'
import { MissingBillReserve } from './missing-bill-reserve.ts'
import { AGES, chancesByAge } from './outcomes.ts'
import { RequiredReserve, type WeighedHold } from './required-reserve.ts'

describe('what is set aside for bounded holds', () => {
  it.each(Object.entries(WORLDS))('is never exceeded when %s, and bids are weighed', (_, world) => {
    expectWithinLimit(world, SEED, 'bounded')
  })

  it.each(Object.entries(DRIFTING))(
    'is not exceeded when the win rate %s: everything is held in full until it is known again',
    (_, world) => {
      expectWithinLimit(world, SEED, 'win_rate_drifts')
    },
  )

  it.each(Object.entries(SLOWER).slice(0, 1))('is not exceeded when bills %s', (_, world) => {
    expectWithinLimit(world, SEED, 'bounded')
  })

  describe('would be exceeded', () => {
    afterEach(() => vi.restoreAllMocks())
    const isExceeded = (world: World | undefined, weigh = chancesByAge) =>
      [0, 1, 2].some((more) => live(world ?? STEADY, SEED + more, weigh).peak > LIMIT)

    it.each(Object.entries(SLOWER).slice(0, 1))(
      'if bids whose expected bills did not come counted as lost, and bills %s',
      (_, world) => {
        vi.spyOn(MissingBillReserve.prototype, 'pass').mockImplementation(() => {})
        expect(isExceeded(world)).toBe(true)
      },
    )

    it('if every open bid weighed the same, however old it is, and no bill were late', () => {
      vi.spyOn(MissingBillReserve.prototype, 'pass').mockImplementation(() => {})
      const constant: typeof chancesByAge = (outcomes, doubt) =>
        new Float64Array(AGES + 1).fill(outcomes.chance(0, doubt))
      expect(isExceeded(WORLDS['some losses are told, some are not'], constant)).toBe(true)
    })

    it('if there were nearly no margin for chance', () => {
      const SLOTS_OF_A_DAY = Math.ceil(86_400_000 / SLOT_MS)
      expect(
        [0, 1, 2].some((more) => live(STEADY, SEED + more, chancesByAge, 2 * SLOTS_OF_A_DAY).peak > LIMIT),
      ).toBe(true)
    })
  })

  it('delivers more than full prices would', () => {
    const bounded = live(STEADY, SEED)
    const strict = live(STEADY, SEED, () => new Float64Array(AGES + 1).fill(1))
    expect(bounded.spent).toBeGreaterThan(1.5 * strict.spent)
  })
})

describe('a reserve', () => {
  const hold = (micros: number, atMs = 0): WeighedHold => ({
    micros,
    expiresAtMs: atMs + TTL_MS,
    queue: { terms: { ttlMs: TTL_MS } },
  })

  it('is all prices while nothing is known, and nothing when all have ended', () => {
    const reserve = new RequiredReserve(1e-2)
    const holds = [5, 700, 31].map((price) => hold(price))
    for (const one of holds) reserve.add(one)
    expect(reserve).toMatchObject({ needed: 736, prices: 736 })
    expect(reserve.modeNow).toEqual({ is: 'strict', why: 'few_outcomes' })
    const [billed, lost, withdrawn] = holds
    if (billed) reserve.bill(billed)
    if (lost) reserve.lose(lost)
    if (withdrawn) reserve.withdraw(withdrawn)
    expect(reserve).toMatchObject({ needed: 0, prices: 0 })
  })

  it('keeps all of a hold whose time is long over and which nobody has ended', () => {
    const reserve = new RequiredReserve(1e-2)
    const late = hold(700)
    reserve.add(late)
    reserve.step(10 * TTL_MS)
    expect(reserve).toMatchObject({ needed: 700, prices: 700 })
    reserve.lose(late)
    expect(reserve).toMatchObject({ needed: 0, prices: 0 })
  })

  it('keeps what bids will cost when their losses are told before their slot is over', () => {
    const reserve = new RequiredReserve(1e-2)
    const bills = new Map<number, WeighedHold[]>()
    for (let slot = 0; slot <= 700; slot++) {
      reserve.step(slot * SLOT_MS)
      for (const billed of bills.get(slot) ?? []) reserve.bill(billed)
      if (slot > 600) continue
      const holds = Array.from({ length: 100 }, () => hold(1_000, slot * SLOT_MS))
      for (const one of holds) reserve.add(one)
      for (const lost of holds.slice(8)) reserve.lose(lost)
      bills.set(slot + 5, holds.slice(0, 8))
    }
    expect(reserve.modeNow).toEqual({ is: 'bounded' })
    const holds = Array.from({ length: 1_000 }, () => hold(1_000, 700 * SLOT_MS))
    for (const one of holds) reserve.add(one)
    const before = reserve.needed
    expect(before).toBeLessThan(300_000)
    for (const lost of holds.slice(80)) reserve.lose(lost)
    expect(reserve.needed).toBe(80_000)
  })

  it('keeps what a seat owes when it stops sending its bills, and nothing more once they have come', () => {
    const reserve = new RequiredReserve(1e-2)
    const owed: WeighedHold[] = []
    const later = new Map<number, (() => void)[]>()
    for (let slot = 0; slot <= 630; slot++) {
      reserve.step(slot * SLOT_MS)
      for (const task of later.get(slot) ?? []) task()
      const holds = Array.from({ length: 100 }, () => hold(1_000, slot * SLOT_MS))
      for (const one of holds) reserve.add(one)
      // Eight of a hundred are billed five slots later, until the seat falls silent; nobody tells a loss.
      const won = holds.slice(0, 8)
      later.set(slot + 5, slot < 595 ? won.map((one) => () => reserve.bill(one)) : [])
      if (slot >= 595) owed.push(...won)
      later.set(
        slot + AGES,
        holds.slice(8).map((one) => () => reserve.lose(one)),
      )
    }
    expect(reserve.modeNow).toEqual({ is: 'bounded' })
    const before = reserve.needed
    expect(before).toBeGreaterThan(0.95 * owed.length * 1_000)
    for (const one of owed) reserve.bill(one)
    expect(reserve.needed).toBeLessThan(before - 0.95 * owed.length * 1_000)
  })

  it('does not learn from bids that were never sent', () => {
    const learn = (how: 'lose' | 'withdraw'): string => {
      const reserve = new RequiredReserve(1e-2)
      for (let atMs = 0; atMs < 5 * TTL_MS; atMs += 1_000) {
        reserve.step(atMs)
        for (let i = 0; i < 50; i++) {
          const one = hold(100, atMs)
          reserve.add(one)
          reserve[how](one)
        }
      }
      return reserve.modeNow.is
    }
    expect(learn('lose')).toBe('bounded')
    expect(learn('withdraw')).toBe('strict')
  })
})
