import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_MICROS, micros } from '../../src/money.ts'
import { redisClient } from '../../src/shield/budget/stores/redis/redis-client.ts'
import { BudgetManager, openStore } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { startRedis } from '../../test/support/redis-server.ts'
import { freshIds } from '../measure.ts'

const REPLICAS = [1, 2, 4]
const BIDS_PER_SECOND = [100, 5_000]
const WARM_MS = 2_000
const MEASURED_MS = 4_000
const SCOPES = ['platform:x', 'campaign:x:1', 'global']
const TERMS = { ttlMs: 300_000, onExpiry: 'release' } as const
const AMOUNT = micros(1_500)

/** What replicas cost Redis: commands a second by how many there are and how many bids each of them places. */
export async function benchReplicas(): Promise<void> {
  process.stdout.write(
    '| replicas | bids/s each, wanted | bids/s in all, placed | Redis commands/s | per replica |\n',
  )
  process.stdout.write('|---|---|---|---|---|\n')
  for (const perSecond of BIDS_PER_SECOND) {
    for (const count of REPLICAS) {
      const { placed, commands } = await run(count, perSecond)
      const cells = [count, perSecond, placed.toFixed(0), commands.toFixed(0), (commands / count).toFixed(0)]
      process.stdout.write(`| ${cells.join(' | ')} |\n`)
    }
  }
}

async function run(count: number, perSecond: number): Promise<{ placed: number; commands: number }> {
  const redis = await startRedis('--appendonly', 'yes')
  const replicas = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const store = await openStore({ is: 'redis', url: redis.url, minReplicas: 0 }, { clock: systemClock })
      return { store, budget: new BudgetManager({ clock: systemClock, store, owner: `replica ${i}` }) }
    }),
  )
  await replicas[0]?.store.trust()
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: MAX_MICROS } as const]
  const bidders = replicas.map(({ budget }) => ({
    budget,
    scopes: SCOPES.map((scope) => budget.define(scope, 'USD', limits)),
  }))
  await Promise.all(replicas.map(({ budget }) => budget.settled()))
  let placed = 0
  let over = false
  const working = bidders.map(async ({ budget, scopes }) => {
    const beganMs = performance.now()
    for (let done = 0; !over; await sleep(1)) {
      const due = ((performance.now() - beganMs) / 1000) * perSecond
      for (const id of freshIds(Math.max(0, Math.floor(due - done)))) {
        const hold = await budget.holdSoon(id, scopes, AMOUNT, TERMS)
        done += 1
        if (hold.is !== 'held') continue
        budget.settle(hold, AMOUNT)
        placed += 1
      }
    }
  })
  const client = redisClient(redis.url)
  await client.connect()
  await sleep(WARM_MS)
  await client.config('RESETSTAT')
  const [placedBefore, beganMs] = [placed, performance.now()]
  await sleep(MEASURED_MS)
  const stats = await client.info('commandstats')
  const seconds = (performance.now() - beganMs) / 1000
  const rate = (placed - placedBefore) / seconds
  over = true
  await Promise.all(working)
  for (const { budget, store } of replicas) {
    await budget.close()
    await store.close()
  }
  client.disconnect()
  await redis.close()
  return { placed: rate, commands: scriptsIn(stats) / seconds }
}

/** Commands that clients sent; those that scripts run are their cost within Redis. */
function scriptsIn(stats: string): number {
  const sent = ['eval', 'evalsha', 'wait']
  return sent.reduce(
    (sum, name) => sum + Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0),
    0,
  )
}
