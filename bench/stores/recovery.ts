import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_MICROS } from '../../src/money.ts'
import { type BudgetStore, openStore } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { median } from '../measure.ts'

/** A snapshot is made after so many entries. */
const SNAPSHOT_EVERY = 50_000
const ENTRIES = 1_000_000
const BATCH = 500
const SCOPES = 10
const OPENINGS = 3

/**
 * How long a start takes that finds a ledger of 10⁶ entries: written by the real store, then opened, just after a
 * snapshot and right before the next one.
 */
export async function benchRecovery(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  try {
    let seq = 0
    const open = () => openStore({ is: 'sqlite', directory, maxBytes: 1 << 30 }, { clock: systemClock })
    const grow = async (store: BudgetStore, by: number) => {
      for (let left = by; left > 0; ) {
        const lines = Array.from({ length: Math.min(BATCH, left) }, (_, i) => lineOf(i % SCOPES, seq, i))
        left -= lines.length
        await store.sync('writer', lines)
        seq += BATCH
      }
    }
    const beganMs = performance.now()
    const store = await open()
    for (let i = 0; i < SCOPES; i++) {
      const limits = [{ kind: 'sliding', windowMs: 600_000, max: MAX_MICROS } as const]
      await store.define({ scope: `platform:x${i}`, currency: 'USD', limits, by: 'configuration' })
    }
    // A few beyond the entry at which a snapshot is made.
    await grow(store, ENTRIES + 1_000)
    const writtenPerSecond = (ENTRIES / (performance.now() - beganMs)) * 1000
    await store.close()
    const after = await openings(open)
    const again = await open()
    await grow(again, SNAPSHOT_EVERY - 2_000)
    await again.close()
    const before = await openings(open)
    const bytes = statSync(join(directory, 'ledger.db')).size
    process.stdout.write('| ledger | opened in, ms | processor time, ms | goal |\n|---|---|---|---|\n')
    process.stdout.write(`| ${ENTRIES} entries, ${(bytes / 2 ** 20).toFixed(0)} MiB | ${after} | ≤ 2000 |\n`)
    process.stdout.write(
      `| ${SNAPSHOT_EVERY - 2_000} entries after the last snapshot | ${before} | ≤ 2000 |\n`,
    )
    process.stdout.write(`\nWritten by the store at ${writtenPerSecond.toFixed(0)} entries/s.\n`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const lineOf = (scope: number, from: number, i: number) => ({
  scope: `platform:x${scope}`,
  seq: from + i + 1,
  spent: from + i === 0 ? 0 : 1_000,
  overdrawn: 0,
  credits: [],
  giveBack: 0,
  want: 5_000,
  need: 1_000,
  longestHoldMs: 300_000,
})

/** Medians of several openings, each closed again, in milliseconds: by the clock, and of processor time. */
async function openings(open: () => Promise<BudgetStore>): Promise<string> {
  const times: number[] = []
  const busy: number[] = []
  for (let i = 0; i < OPENINGS; i++) {
    const beganMs = performance.now()
    const cpu = process.cpuUsage()
    const store = await open()
    times.push(performance.now() - beganMs)
    const { user, system } = process.cpuUsage(cpu)
    busy.push((user + system) / 1000)
    await store.close()
  }
  return `${median(times).toFixed(0)} | ${median(busy).toFixed(0)}`
}
