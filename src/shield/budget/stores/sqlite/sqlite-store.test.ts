import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { micros } from '../../../../money.ts'
import { budgetStoreContract, line, SCOPE } from '../store-contract.test-support.ts'
import { bootOf, copyOf, openStore, temporaryDirectory } from './sqlite-store.test-support.ts'
import { SqliteStore } from './sqlite-store.ts'

budgetStoreContract('sqlite', async () => {
  const clock = new FakeClock()
  const leaseMs = 500
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const store = await SqliteStore.open({ directory, clock, boot: bootOf(clock), leaseMs })
  const close = async () => {
    await store.close()
    rmSync(directory, { recursive: true })
  }
  return { store, leaseMs, pass: async (ms) => clock.advance(ms), close }
})

const MINUTES = 60_000
const limits = [{ kind: 'sliding', windowMs: 10 * MINUTES, max: micros(1_000) } as const]
const define = { scope: SCOPE, currency: 'USD', limits, by: 'configuration' } as const

/** Opens a store again, and asks what could be granted there. */
let readers = 0
async function availableIn(directory: string, clock: FakeClock, boot = bootOf(clock)): Promise<number> {
  const { store } = await openStore({ directory, clock, boot })
  const [reply] = await store.sync(`reader ${++readers}`, [line(1)])
  await store.close()
  return reply?.is === 'granted' ? reply.standing.available : Number.NaN
}

describe('a restart', () => {
  it('forgets no spend, and forfeits what the earlier owner still had', async () => {
    const { store, clock, directory } = await openStore()
    await store.define(define)
    await store.sync('one', [line(1, { need: 300, longestHoldMs: 5_000 })])
    await store.sync('one', [line(2, { spent: 100 })])
    const killed = copyOf(directory)

    const again = await openStore({ directory: killed, clock })
    const [reply] = await again.store.sync('two', [line(1)])
    expect(reply).toMatchObject({
      standing: {
        available: 700,
        elsewhere: 0,
        spentEver: 100,
        forfeited: { amount: 200, bookedInMs: 5_000 },
      },
    })
    expect(await again.store.sync('one', [line(3, { spent: 1 })])).toMatchObject([{ is: 'forfeited' }])
  })

  it('keeps what operators decided', async () => {
    const { store, clock, directory } = await openStore()
    await store.define({ ...define, by: 'operator' })
    await store.setPause(SCOPE, { is: 'paused', reason: 'the client asked' })
    await store.setKillSwitch({ is: 'engaged', reason: 'odd bills', sinceMs: 5 })
    const before = await store.control()
    await store.close()

    const { store: again } = await openStore({ directory, clock })
    expect(await again.control()).toEqual(before)
  })

  it('forgets the oldest entries of a ledger that is too large, but none of their spend', async () => {
    const keep = { maxBytes: 64 << 10, snapshotEvery: 100 }
    const { store, clock, directory } = await openStore({ keep })
    await store.define(define)
    await store.sync('one', [line(1, { need: 1_000, longestHoldMs: 5_000 })])
    const entries = () => {
      const file = new DatabaseSync(join(directory, 'ledger.db'), { readOnly: true })
      onTestFinished(() => file.close())
      return file.prepare('SELECT min(number) AS first, count(*) AS count FROM entries').get()
    }
    for (let round = 0; round < 20; round++) {
      const lines = Array.from({ length: 50 }, (_, i) => line(2 + round * 50 + i, { spent: i % 2 }))
      await Promise.all(lines.map((one) => store.sync('one', [one])))
    }
    // Entries are deleted between two commits.
    for (let tries = 0; Number(entries()?.['first']) < 500 && tries < 500; tries++)
      await store.setPause(SCOPE, { is: 'running' })
    const { first, count } = entries() ?? {}
    expect(Number(first)).toBeGreaterThanOrEqual(500)
    expect(Number(count)).toBeLessThan(1_000)
    const again = await openStore({ directory: copyOf(directory), clock })
    expect(await again.store.sync('two', [line(1)])).toMatchObject([
      { standing: { spentEver: 500, forfeited: { amount: 500 } } },
    ])
  })

  it('tells a repeated bill from a new one', async () => {
    const { store, clock, directory } = await openStore()
    await store.define(define)
    const bill = { scope: SCOPE, owner: 'gone', id: 'b1', amount: 10 }
    expect(await store.bill([bill])).toMatchObject([{ is: 'booked' }])
    const { store: again } = await openStore({ directory: copyOf(directory), clock })
    expect(await again.bill([bill, { ...bill, id: 'b2' }])).toMatchObject([
      { is: 'already' },
      { is: 'booked' },
    ])
  })
})

describe('time over a restart', () => {
  async function spentAt(directory: string, clock: FakeClock): Promise<void> {
    const { store } = await openStore({ directory, clock })
    await store.define(define)
    await store.sync('one', [line(1, { need: 400 })])
    await store.sync('one', [line(2, { spent: 400 })])
    await store.close()
  }

  it('goes on by the uptime of the machine', async () => {
    const directory = temporaryDirectory()
    const clock = new FakeClock()
    await spentAt(directory, clock)
    clock.advance(9 * MINUTES)
    expect(await availableIn(directory, clock)).toBe(600)
    clock.advance(MINUTES + 2_000)
    expect(await availableIn(directory, clock)).toBe(1_000)
  })

  it('stands still over a boot of the machine, whatever the wall clock says', async () => {
    const directory = temporaryDirectory()
    await spentAt(directory, new FakeClock())
    const later = new FakeClock(Date.UTC(2027, 0, 1))
    const boot = bootOf(later, 'boot 2', 3_600_000)
    expect(await availableIn(directory, later, boot)).toBe(600)
    later.advance(10 * MINUTES + 2_000)
    expect(await availableIn(directory, later, boot)).toBe(1_000)
  })

  it('does not go back when the uptime does', async () => {
    const directory = temporaryDirectory()
    const clock = new FakeClock()
    clock.advance(5 * MINUTES)
    await spentAt(directory, clock)
    const other = new FakeClock()
    expect(await availableIn(directory, other)).toBe(600)
    other.advance(9 * MINUTES)
    expect(await availableIn(directory, other)).toBe(600)
  })
})

describe('the directory', () => {
  it('belongs to one store at a time; the other is told who has it', async () => {
    const { directory } = await openStore()
    await expect(openStore({ directory })).rejects.toThrow(
      new RegExp(`ledger.lock is held by process ${process.pid} on \\S+ since 2026-11-20T12:00`),
    )
  })

  it('is free again when the store is closed', async () => {
    const { store, directory } = await openStore()
    await store.close()
    await openStore({ directory })
  })

  it('is not begun anew where a ledger was', async () => {
    const { store, directory } = await openStore()
    await store.define(define)
    await store.close()
    rmSync(join(directory, 'ledger.db'))
    await expect(openStore({ directory })).rejects.toThrow(/ledger.db is missing or empty/)
  })

  it('is not used with an older copy of its ledger', async () => {
    const { store, directory } = await openStore()
    await store.define(define)
    const old = copyOf(directory)
    await store.setPause(define.scope, { is: 'paused', reason: 'a check' })
    await store.close()
    const { cpSync } = await import('node:fs')
    cpSync(join(directory, 'ledger.use'), join(old, 'ledger.use'))
    await expect(openStore({ directory: old })).rejects.toThrow(
      /is an older copy: it ends at entry 2, but had 3/,
    )
  })

  it('is not used without the log that a killed process left', async () => {
    const { store, directory } = await openStore()
    await store.define(define)
    const killed = copyOf(directory)
    rmSync(join(killed, 'ledger.db-wal'))
    await expect(openStore({ directory: killed })).rejects.toThrow(/ledger.db-wal is missing/)
  })
})
