import { MAX_MICROS, micros } from '../../src/money.ts'
import { BudgetManager } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { freshIds, measure } from '../measure.ts'

// Three scopes with a ten-minute limit each, the real clock, an id per hold: what a bid costs in the service.
const COUNT = 50_000
const budget = new BudgetManager({ clock: systemClock })
const scopes = ['platform:x', 'campaign:x:1', 'global'].map((name) =>
  budget.define(name, 'USD', [{ kind: 'sliding', windowMs: 600_000, max: MAX_MICROS }]),
)
const terms = { ttlMs: 300_000, onExpiry: 'release' } as const
const amount = micros(1_500)

const figure = await measure(
  'hold + settle, 3 scopes, sliding windows',
  COUNT,
  () => freshIds(COUNT),
  (ids) => {
    for (const id of ids) {
      const hold = budget.hold(id, scopes, amount, terms)
      if (hold.is === 'held') budget.settle(hold, amount)
    }
  },
)
process.send?.([figure])
