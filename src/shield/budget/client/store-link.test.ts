import { expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager, MemoryStore } from '../../index.ts'
import type { BudgetStore, ScopeDefinition, SyncLine } from '../protocol/store.ts'

const LEASE_MS = 10_000
const TERMS = { ttlMs: 5_000, onExpiry: 'release' } as const
const LIMITS = [{ kind: 'sliding', windowMs: 60_000, max: micros(100) }] as const

/**
 * One process and a store that answers after five milliseconds and `lineMs` for each line, unless it is told not to answer
 * definitions.
 */
function withSlowStore(lineMs = 0) {
  const clock = new FakeClock()
  const memory = new MemoryStore(clock, LEASE_MS)
  const sent: string[] = []
  const says = { isDeaf: false }
  const soon = <T>(work: () => T, moreMs = 0): Promise<T> =>
    new Promise((resolve) => clock.after(5 + moreMs, () => resolve(work())))
  const store: BudgetStore = {
    answersAtOnce: false,
    sync: (owner, lines: readonly SyncLine[]) => {
      sent.push(...lines.map(({ scope }) => scope))
      return soon(() => memory.sync(owner, lines), lineMs * lines.length)
    },
    bill: (bills) => soon(() => memory.bill(bills)),
    leave: (owner) => soon(() => memory.leave(owner)),
    define: (definition): Promise<ScopeDefinition> =>
      says.isDeaf ? new Promise(() => undefined) : soon(() => memory.define(definition)),
    remove: (scope) => soon(() => memory.remove(scope)),
    setPause: (scope, pause) => soon(() => memory.setPause(scope, pause)),
    setKillSwitch: (state) => soon(() => memory.setKillSwitch(state)),
    control: () => soon(() => memory.control()),
    trust: () => undefined,
    watch: (onChange) => memory.watch(onChange),
    close: () => memory.close(),
  }
  const budget = new BudgetManager({ clock, store, owner: 'a' })
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      clock.advance(1)
      for (let turn = 0; turn < 20; turn++) await undefined
    }
  }
  return { clock, memory, budget, says, sent, pass }
}

it('refuses a hold on a scope that the store does not know, and does not ask for ever', async () => {
  const { budget, says, sent, pass } = withSlowStore()
  says.isDeaf = true
  const scope = budget.define('global', 'USD', LIMITS)
  await pass(20)
  sent.length = 0
  const refused = budget.holdSoon('a', [scope], micros(10), TERMS)
  await pass(1_100)
  expect(sent.length).toBeLessThan(4)
  expect(await refused).toMatchObject({ is: 'store_away', scope })

  // The next hold finds the scope defined, although the store refused it just before.
  says.isDeaf = false
  const settled = pass(2_000).then(() => budget.settled())
  await pass(2_000)
  await pass(20)
  await settled
  const held = budget.holdSoon('b', [scope], micros(10), TERMS)
  await pass(20)
  expect(await held).toMatchObject({ is: 'held' })
})

it('asks for thousands of scopes in rounds that the store can answer in time', async () => {
  const { budget, pass } = withSlowStore(0.4)
  const scopes = Array.from({ length: 4_000 }, (_, i) => budget.define(`campaign:x:${i}`, 'USD', LIMITS))
  await pass(200)
  const states: string[] = []
  const refreshed = Promise.resolve(budget.refresh(scopes)).then(() => states.push('refreshed'))
  for (let i = 0; i < 30; i++) {
    await pass(100)
    states.push(budget.store.is)
  }
  await refreshed
  expect(new Set(states)).toEqual(new Set(['up', 'refreshed']))
  expect(scopes.every(({ purse }) => purse.standing !== undefined)).toBe(true)
})

it('sends an operator’s change again if its answer never came', async () => {
  const { budget, memory, says, pass } = withSlowStore()
  says.isDeaf = true
  budget.define('global', 'USD', LIMITS)
  await pass(900)
  expect(budget.store).toEqual({ is: 'up' })
  says.isDeaf = false
  await pass(500)
  expect(memory.ledger.accounts.get('global')?.limits).toEqual(LIMITS)
})

it('renews its leases also while somebody asks without a pause', async () => {
  const { budget, clock, memory, pass } = withSlowStore()
  const busy = budget.define('busy', 'USD', LIMITS)
  const quiet = budget.define('quiet', 'USD', LIMITS)
  await pass(50)
  budget.holdSoon('a', [quiet], micros(10), { ...TERMS, ttlMs: 60_000 })
  await pass(20)
  let isOver = false
  const ask = async () => {
    while (!isOver) await budget.refresh([busy])
  }
  const asking = ask()
  await pass(2 * LEASE_MS)
  isOver = true
  await pass(10)
  await asking
  // Any request brings the account to the present.
  memory.bill([{ scope: 'quiet', owner: 'nobody', id: 'none', amount: 0 }])
  const account = memory.ledger.accounts.get('quiet')
  expect(account?.standing(clock.elapsedMs(), 'a', 0).forfeited.amount).toBe(0)
  expect(account?.outstandingOf('a')).toBeGreaterThanOrEqual(10)
})

it('does not hold again what a hold frees while a lower limit is on its way to the store', async () => {
  const { budget, pass } = withSlowStore()
  const limit = (max: number) => [{ kind: 'lifetime', max: micros(max) }] as const
  const scope = budget.define('global', 'USD', limit(100))
  await pass(20)
  const asked = budget.holdSoon('before', [scope], micros(50), TERMS)
  await pass(20)
  expect(await asked).toMatchObject({ is: 'held' })
  budget.remove('global')
  budget.define('global', 'USD', limit(0))
  // The first line is answered, and the new limit is still on its way.
  await pass(7)
  budget.settle('before', micros(10))
  expect(budget.hold('at once', [scope], micros(5), TERMS).is).not.toBe('held')
  await pass(300)
  expect(budget.hold('later', [scope], micros(5), TERMS).is).not.toBe('held')
})
