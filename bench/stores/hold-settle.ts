import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { MAX_MICROS, micros } from '../../src/money.ts'
import { BudgetManager, openStore, type Scope } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { startRedis } from '../../test/support/redis-server.ts'
import { freshIds, median } from '../measure.ts'
import { type CountedStore, counted } from './counted.ts'

const ROUNDS = 9
const WARM_MS = 1_500
const ROUND_MS = 600
/** Between two turns of the event loop, in which the store's answers are taken in: about two milliseconds of bids. */
const SLICE = 2_000
const TERMS = { ttlMs: 300_000, onExpiry: 'release' } as const
const AMOUNT = micros(1_500)
const SCOPES = ['platform:x', 'campaign:x:1', 'global']
const PACED = [100, 10_000] as const

interface Bench {
  readonly name: string
  readonly budget: BudgetManager
  readonly scopes: readonly Scope[]
  readonly counted: CountedStore
}

/** `hold` + `settle` with each store attached, in steady state and with all that goes on behind, in turn. */
export async function benchHoldSettle(): Promise<void> {
  const redis = await startRedis('--appendonly', 'yes')
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  const benches = [
    await open('memory', { is: 'memory' }),
    await open('sqlite', { is: 'sqlite', directory, maxBytes: 1 << 30 }),
    await open('redis', { is: 'redis', url: redis.url, minReplicas: 0 }),
  ]
  const rates = benches.map((): number[] => [])
  /** Lines, and the milliseconds in which they were sent. */
  const calls = benches.map(() => ({ lines: 0, ms: 0 }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, bench] of benches.entries()) {
      await flatOut(bench, WARM_MS)
      bench.counted.takeLines()
      const beganMs = performance.now()
      rates[i]?.push(await flatOut(bench, ROUND_MS))
      const call = calls[i]
      if (!call) continue
      call.lines += bench.counted.takeLines()
      call.ms += performance.now() - beganMs
    }
  }
  const paced = await Promise.all(benches.map(callsAtRates))
  const own = median(rates[0] ?? [])
  process.stdout.write(
    '| store | pairs/s | of memory | store calls/s per scope, flat out | at 100/s | at 10 000/s |\n',
  )
  process.stdout.write('|---|---|---|---|---|---|\n')
  for (const [i, { name }] of benches.entries()) {
    const rate = median(rates[i] ?? [])
    const { lines, ms } = calls[i] ?? { lines: 0, ms: 1 }
    const cells = [
      name,
      rate.toExponential(2),
      (rate / own).toFixed(2),
      perScope(lines, ms).toFixed(1),
      ...(paced[i] ?? []).map((one) => one.toFixed(1)),
    ]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
  for (const { budget, counted } of benches) {
    await budget.close()
    await counted.store.close()
  }
  await redis.close()
  rmSync(directory, { recursive: true })
}

async function open(name: string, settings: Parameters<typeof openStore>[0]): Promise<Bench> {
  const store = counted(await openStore(settings, { clock: systemClock }))
  const budget = new BudgetManager({ clock: systemClock, store: store.store, owner: name })
  await store.store.trust()
  const scopes = SCOPES.map((scope) =>
    budget.define(scope, 'USD', [{ kind: 'sliding', windowMs: 600_000, max: MAX_MICROS }]),
  )
  await budget.settled()
  return { name, budget, scopes, counted: store }
}

/** Pairs per second. Only bids that found their money at once are counted; the others wait for the store. */
async function flatOut({ budget, scopes }: Bench, forMs: number): Promise<number> {
  let pairs = 0
  let workedMs = 0
  const endMs = performance.now() + forMs
  while (performance.now() < endMs) {
    const ids = freshIds(SLICE)
    const beganMs = performance.now()
    let waits: Promise<void> | undefined
    for (const id of ids) {
      const hold = budget.hold(id, scopes, AMOUNT, TERMS)
      if (hold.is === 'held') {
        budget.settle(hold, AMOUNT)
        pairs += 1
      } else if (hold.is === 'short') {
        waits = hold.drawn
        break
      }
    }
    await waits
    await turn()
    workedMs += performance.now() - beganMs
  }
  return (pairs / workedMs) * 1000
}

async function callsAtRates(bench: Bench): Promise<number[]> {
  const calls: number[] = []
  for (const perSecond of PACED) {
    const endMs = performance.now() + 4_000
    let done = 0
    const beganMs = performance.now()
    let countedFromMs = 0
    while (performance.now() < endMs) {
      const due = ((performance.now() - beganMs) / 1000) * perSecond
      for (const id of freshIds(Math.max(0, Math.floor(due - done)))) {
        const hold = await bench.budget.holdSoon(id, bench.scopes, AMOUNT, TERMS)
        if (hold.is === 'held') bench.budget.settle(hold, AMOUNT)
        done += 1
      }
      if (countedFromMs === 0 && performance.now() - beganMs > 1_000) {
        countedFromMs = performance.now()
        bench.counted.takeLines()
      }
      await sleep(1)
    }
    calls.push(perScope(bench.counted.takeLines(), performance.now() - countedFromMs))
  }
  return calls
}

const perScope = (lines: number, ms: number): number => (lines / SCOPES.length / ms) * 1000
