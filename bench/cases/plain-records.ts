import { measure } from '../measure.ts'

// The plain way: a record per spend; every check prunes what is too old and adds up the rest. 10 000 live records.
const COUNT = 300
const LIVE = 10_000
const WINDOW_MS = 600_000

interface Spend {
  readonly atMs: number
  readonly amount: number
}

let records: Spend[] = Array.from({ length: LIVE }, () => ({ atMs: performance.now(), amount: 1_500 }))

const figure = await measure(
  'a record per spend, pruned and summed at every check, 10⁴ live, 1 scope',
  COUNT,
  () => undefined,
  (_, count) => {
    for (let i = 0; i < count; i++) {
      const now = performance.now()
      records = records.filter(({ atMs }) => now - atMs < WINDOW_MS)
      const sum = records.reduce((total, { amount }) => total + amount, 0)
      if (sum + 1_500 <= Number.MAX_SAFE_INTEGER) records.push({ atMs: now, amount: 1_500 })
      if (records.length > LIVE) records.shift()
    }
  },
)
process.send?.([figure])
