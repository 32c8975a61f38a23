import { setTimeout as sleep } from 'node:timers/promises'
import { micros } from '../../src/money.ts'
import { BudgetManager, openStore } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { startRedis } from '../../test/support/redis-server.ts'

const RUNS = 20
const REPLICAS = 4
const BID = micros(1_000_000)
const BUDGET_BIDS = 100
const BIDS_PER_SECOND = 200
/** Bids go on coming for so long after the last one was placed. */
const QUIET_MS = 2_000
const TERMS = { ttlMs: 60_000, onExpiry: 'settle' } as const

/** How many of 100 bids that a budget can pay are placed by four replicas on one Redis, run after run. */
export async function benchNearExhaustion(): Promise<void> {
  const redis = await startRedis()
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, async (_, i) => {
      const store = await openStore({ is: 'redis', url: redis.url, minReplicas: 0 }, { clock: systemClock })
      const budget = new BudgetManager({ clock: systemClock, store, owner: `replica ${i}` })
      return { store, budget }
    }),
  )
  await replicas[0]?.store.trust()
  const placed: number[] = []
  for (let run = 0; run < RUNS; run++) placed.push(await spendAll(replicas, `platform:run-${run}`))
  for (const { budget, store } of replicas) {
    await budget.close()
    await store.close()
  }
  await redis.close()
  const full = placed.filter((count) => count >= BUDGET_BIDS - 1).length
  process.stdout.write('| runs | placed at least 99 of 100 | placed, lowest | highest |\n|---|---|---|---|\n')
  process.stdout.write(`| ${RUNS} | ${full} | ${Math.min(...placed)} | ${Math.max(...placed)} |\n`)
}

/** Bids come to the replicas in turn until none has been placed for a while. */
async function spendAll(replicas: readonly { budget: BudgetManager }[], name: string): Promise<number> {
  const limits = [{ kind: 'lifetime', max: micros(BID * BUDGET_BIDS) } as const]
  const scopes = replicas.map(({ budget }) => budget.define(name, 'USD', limits))
  await Promise.all(replicas.map(({ budget }) => budget.settled()))
  let placed = 0
  let placedMs = performance.now()
  const bids: Promise<void>[] = []
  for (let bid = 0; performance.now() - placedMs < QUIET_MS; bid++) {
    const { budget } = replicas[bid % REPLICAS] ?? {}
    const scope = scopes[bid % REPLICAS]
    if (budget && scope) bids.push(place(budget, `${name} ${bid}`))
    await sleep(1000 / BIDS_PER_SECOND)

    async function place(at: BudgetManager, id: string) {
      if (!scope) return
      const held = await at.holdSoon(id, [scope], BID, TERMS)
      if (held.is !== 'held') return
      at.settle(held, BID)
      placed += 1
      placedMs = performance.now()
    }
  }
  await Promise.all(bids)
  return placed
}
