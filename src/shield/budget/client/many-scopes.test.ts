import { expect, it } from 'vitest'
import { micros } from '../../../money.ts'
import { openStore } from '../stores/sqlite/sqlite-store.test-support.ts'
import { BudgetManager } from './budget-manager.ts'

const LIMITS = [{ kind: 'sliding', windowMs: 600_000, max: micros(100) } as const]
const COUNT = 1_000
const TERMS = { ttlMs: 5_000, onExpiry: 'settle' } as const

it('writes one entry for a definition, none for one that changes nothing, and asks nothing of scopes that are not used', async () => {
  const { store, clock, directory } = await openStore()
  const defineAll = (budget: BudgetManager) =>
    Array.from({ length: COUNT }, (_, i) => budget.define(`campaign:x:${i}`, 'USD', LIMITS))

  const budget = new BudgetManager({ clock, store, owner: 'one' })
  const before = (await store.range()).last
  const [first] = defineAll(budget)
  await budget.settled()
  // Ticks, in which purses are checked for lines to send.
  for (let i = 0; i < 40; i++) clock.advance(250)
  expect((await store.range()).last - before).toBe(COUNT)

  if (!first) throw new Error('no scope')
  expect(await budget.holdSoon('a', [first], micros(10), TERMS)).toMatchObject({ is: 'held' })
  await budget.close()
  await store.close()

  const again = await openStore({ directory, clock })
  const opened = (await again.store.range()).last
  const next = new BudgetManager({ clock, store: again.store, owner: 'two' })
  defineAll(next)
  await next.settled()
  expect((await again.store.range()).last).toBe(opened)
  expect([...next.scopes]).toHaveLength(COUNT)
  await next.close()
})

it('reports a pause among a thousand scopes to another process, and nothing else', async () => {
  const { store, clock } = await openStore()
  const one = new BudgetManager({ clock, store, owner: 'one' })
  for (let i = 0; i < COUNT; i++) one.define(`campaign:x:${i}`, 'USD', LIMITS)
  await one.settled()
  const other = new BudgetManager({ clock, store, owner: 'other' })
  await other.settled()
  const told: number[] = []
  store.watch(({ scopes }) => told.push(scopes.length))

  const paused = one.scope('campaign:x:7')
  if (!paused) throw new Error('no scope')
  one.pause(paused, 'review')
  await one.settled()
  expect(other.scope('campaign:x:7')?.pause).toEqual({ is: 'paused', reason: 'review' })
  expect(told).toEqual([1])
})

it('forgets a removed scope when its last bid has ended, here and at other processes', async () => {
  const { store, clock } = await openStore()
  const [one, other] = ['one', 'other'].map((owner) => new BudgetManager({ clock, store, owner }))
  if (!one || !other) throw new Error('no manager')
  const scope = one.define('campaign:x:1', 'USD', LIMITS)
  await one.settled()
  await other.settled()
  const held = await one.holdSoon('a', [scope], micros(60), TERMS)
  if (held.is !== 'held') throw new Error(held.is)
  one.remove('campaign:x:1')
  await one.settled()
  expect([one.scope('campaign:x:1'), other.scope('campaign:x:1')]).toEqual([undefined, undefined])

  one.settle(held, micros(60))
  const counts = () => {
    clock.advance(250)
    return [one.scopeCount, other.scopeCount]
  }
  await expect.poll(counts, { interval: 5 }).toEqual([0, 0])
  // Defined again, it has what is left.
  const again = one.define('campaign:x:1', 'USD', LIMITS)
  expect(await one.holdSoon('b', [again], micros(50), TERMS)).toMatchObject({ is: 'over_budget' })
  expect(await one.holdSoon('c', [again], micros(40), TERMS)).toMatchObject({ is: 'held' })
})

it('forgets removed scopes at the store as well, when nothing of them counts any more', async () => {
  const { store, clock } = await openStore()
  const budget = new BudgetManager({ clock, store, owner: 'one' })
  const used = budget.define('campaign:x:used', 'USD', LIMITS)
  for (let i = 0; i < 100; i++) budget.define(`campaign:x:${i}`, 'USD', LIMITS)
  const held = await budget.holdSoon('a', [used], micros(60), TERMS)
  if (held.is !== 'held') throw new Error(held.is)
  budget.settle(held, micros(60))
  await budget.refresh([used])
  for (const { name } of [...budget.scopes]) budget.remove(name)
  await budget.settled()
  const count = () => {
    clock.advance(250)
    return budget.scopeCount
  }
  await expect.poll(count, { interval: 5 }).toBe(0)
  clock.advance(49 * 3_600_000)
  for (let i = 0; i < 20; i++) {
    budget.define(`campaign:x:new ${i}`, 'USD', LIMITS)
    budget.remove(`campaign:x:new ${i}`)
    await budget.settled()
  }
  const control = await store.control()
  expect(control.scopes).toEqual([])
  expect(store.scopeCount).toBeLessThan(17)
})
