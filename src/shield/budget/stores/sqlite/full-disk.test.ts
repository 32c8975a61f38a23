import { describe, expect, it } from 'vitest'
import { smallDisk } from '../../../../../test/support/small-disk.ts'
import { micros } from '../../../../money.ts'
import { line, SCOPE } from '../store-contract.test-support.ts'
import { copyOf, openStore } from './sqlite-store.test-support.ts'

const limits = [{ kind: 'lifetime', max: micros(1_000_000_000) } as const]
const define = { scope: SCOPE, currency: 'USD', limits, by: 'configuration' } as const

/** Lets the event loop turn until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a full disk', () => {
  it('refuses clearly, loses nothing acknowledged, and goes on by itself when there is space', async () => {
    const { directory, makeSpace } = smallDisk(600_000)
    const { store, clock } = await openStore({ directory })
    await store.define(define)

    let acknowledged = 0
    let refused: unknown
    const raised = (by: number) => ({
      ...define,
      limits: [{ kind: 'lifetime', max: micros(1_000_000_000 + by) } as const],
    })
    for (let seq = 1; refused === undefined; seq++) {
      const lines = [line(seq, { spent: seq === 1 ? 0 : 10, need: 10 })]
      // Three at a time, so that some are applied while others are written.
      const tries = await Promise.allSettled([
        store.sync('one', lines),
        store.setPause(SCOPE, { is: 'paused', reason: 'x'.repeat(500) }),
        store.define(raised(seq)),
        store.control(),
      ])
      refused = tries.find((one) => one.status === 'rejected')?.reason
      // A refused definition is refused again when it is repeated, though it is in memory by now.
      if (refused) await expect(store.define(raised(seq))).rejects.toThrow('the disk is full')
      if (tries[0].status === 'fulfilled') acknowledged = seq
    }
    expect(refused).toMatchObject({ name: 'StoreUnavailable', message: 'the disk is full' })
    expect(store.state).toEqual({ is: 'full', detail: 'the disk is full' })
    await expect(store.sync('two', [line(1)])).rejects.toThrow('the disk is full')

    // A crash now: everything that was acknowledged is there.
    const killed = await openStore({ directory: copyOf(directory), clock })
    const [there] = await killed.store.sync('reader', [line(1)])
    const spent = there?.is === 'granted' ? there.standing.spentEver : 0
    expect(spent).toBeGreaterThanOrEqual(10 * (acknowledged - 1))
    // What was refused may have been written all the same.
    expect(spent).toBeLessThanOrEqual(10 * acknowledged)

    clock.advance(5_000)
    makeSpace()
    await until(() => {
      clock.advance(1_000)
      return store.state.is === 'open'
    })
    // The line that was refused is sent again; it counts once.
    const [again] = await store.sync('one', [line(acknowledged + 1, { spent: 10, need: 10 })])
    expect(again).toMatchObject({ is: 'granted', standing: { spentEver: 10 * acknowledged } })
    const next = await openStore({ directory: copyOf(directory), clock })
    const [kept] = await next.store.sync('reader', [line(1)])
    // The 10 that the killed process was granted and did not spend are forfeited and count as spend.
    expect(kept).toMatchObject({ standing: { spentEver: 10 * acknowledged + 10 } })
  })

  it('is named at the start', async () => {
    const { directory } = smallDisk(0)
    await expect(openStore({ directory })).rejects.toThrow(/ledger in \S+ cannot be used: ENOSPC/)
  })
})
