import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { systemClock } from '../../../time/clock.ts'
import { BudgetManager, MemoryStore, openStore, SharedTally } from '../../index.ts'

describe('a shared tally', () => {
  it('is known to every process of a store soon, and is no budget', () => {
    const clock = new FakeClock()
    const store = new MemoryStore(clock)
    const open = (owner: string) => {
      const tally = new SharedTally({ clock, store, owner, isShared: true })
      tally.open('x')
      return tally
    }
    const [one, other] = [open('a'), open('b')]
    const budget = new BudgetManager({ clock, store, owner: 'c' })
    expect(one.read('x')).toEqual({ lately: 0, ever: 0 })
    one.add('x', 40)
    other.add('x', 2)
    expect(other.read('x')).toEqual({ lately: 42, ever: 42 })
    clock.advance(1_000)
    expect(one.read('x')).toEqual({ lately: 42, ever: 42 })
    expect(one.read('y')).toBeUndefined()
    clock.advance(3_700_000)
    expect(one.read('x')).toEqual({ lately: 0, ever: 42 })
    expect([...budget.scopes]).toEqual([])
  })

  it('outlives its process', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const use = async (owner: string, add: number) => {
      const store = await openStore({ is: 'sqlite', directory, maxBytes: 1 << 30 }, { clock: systemClock })
      const tally = new SharedTally({ clock: systemClock, store, owner, isShared: false })
      tally.open('x')
      await expect.poll(() => tally.read('x')).toBeDefined()
      const before = tally.read('x')
      tally.add('x', add)
      await tally.close()
      await store.close()
      return before
    }
    expect(await use('a', 7)).toEqual({ lately: 0, ever: 0 })
    expect(await use('b', 1)).toEqual({ lately: 7, ever: 7 })
    expect(await use('c', 1)).toEqual({ lately: 8, ever: 8 })
  })
})
