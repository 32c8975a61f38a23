import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LifetimeWindow } from './lifetime.ts'

describe('lifetime window', () => {
  it('is what was ever added less what was taken back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.boolean())), (bookings) => {
        const window = new LifetimeWindow()
        for (const [amount] of bookings) window.add(0, amount)
        for (const [amount, takenBack] of bookings) if (takenBack) window.remove(0, 0, amount)
        const left = bookings.reduce((sum, [amount, takenBack]) => sum + (takenBack ? 0 : amount), 0)

        expect(window.sum()).toBe(left)
        expect(window.entries()).toEqual(left > 0 ? [{ ageMs: 0, amount: left }] : [])
      }),
    )
  })

  it('never frees anything by itself', () => {
    const window = new LifetimeWindow()
    window.add(0, 5)

    expect(window.reliefInMs(0, 1)).toBe(Number.POSITIVE_INFINITY)
    expect(window.reliefInMs(0, 0)).toBe(0)
  })

  it('never goes below zero', () => {
    const window = new LifetimeWindow()
    window.add(0, 5)
    window.remove(0, 0, 9)

    expect(window.sum()).toBe(0)
  })
})
