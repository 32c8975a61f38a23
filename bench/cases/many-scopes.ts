import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { micros } from '../../src/money.ts'
import { BudgetManager, type BudgetStore, openStore, type StoreSettings } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { freshIds, median } from '../measure.ts'

// node many-scopes.ts <settings of a store as JSON> <scopes>: prints what each scope takes of memory in KiB, on the heap and
// resident, and what a sync of all of them costs for each in microseconds.
const ROUNDS = 5
const TERMS = { ttlMs: 300_000, onExpiry: 'release' } as const
const AMOUNT = micros(1_500)

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

async function run(settings: StoreSettings, count: number) {
  const store = await openStore(settings, { clock: systemClock })
  await store.trust()
  const before = used()
  await define(store, count, settings.is === 'redis')
  const budget = new BudgetManager({ clock: systemClock, store, owner: 'one' })
  await budget.settled()
  const scopes = [...budget.scopes]
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, id] of freshIds(count).entries()) {
      const scope = scopes[i]
      const hold = scope && budget.hold(id, [scope], AMOUNT, TERMS)
      if (hold?.is === 'held') budget.settle(hold, AMOUNT)
    }
    const beganMs = performance.now()
    await budget.refresh()
    times.push(performance.now() - beganMs)
  }
  const after = used()
  await budget.close()
  await store.close()
  return {
    heap: (after.heap - before.heap) / count / 1024,
    resident: (after.resident - before.resident) / count / 1024,
    syncMicroseconds: (median(times) * 1000) / count,
  }
}

/** As an operator would have, before anything is bid. */
async function define(store: BudgetStore, count: number, oneByOne: boolean): Promise<void> {
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: micros(1_000_000_000) } as const]
  const told: unknown[] = []
  for (let i = 0; i < count; i++) {
    const defined = store.define({ scope: `campaign:x:${i}`, currency: 'USD', limits, by: 'operator' })
    if (oneByOne) await defined
    else told.push(defined)
  }
  await Promise.all(told)
}

function used() {
  collectGarbage()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { heap: heapUsed + arrayBuffers, resident: rss }
}

const [settings = '', count = ''] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await run(JSON.parse(settings), Number(count))))
