import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { RateLimiter } from '../../shield/index.ts'
import { openStore } from '../store/index.ts'
import { createLimits } from './limits.ts'

const LIMIT = { calls: 10, windowMs: 60_000 }
const ACCOUNT = { type: 'META', orgId: 1, accountId: 'act_1' } as const

/** A bucket of ten calls a minute, of an account that bids are placed on as well. */
async function start() {
  const clock = new FakeClock()
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const store = await openStore({ is: 'sqlite', dataDir: folder })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await store.db.insertInto('organizations').values({ id: 1, name: 'one' }).execute()
  const shared = new RateLimiter(clock, { calls: 100, windowMs: 60_000 })
  const limits = createLimits(
    store,
    clock,
    () => [{ bucket: 'reads', ...LIMIT }],
    (_, accountId) => (accountId === ACCOUNT.accountId ? shared : undefined),
  )
  return { clock, shared, limits }
}

describe('limits on calls of an account that bids are placed on', () => {
  it('count with the bids, also what the platform says itself', async () => {
    const { limits, shared } = await start()
    await limits.take(ACCOUNT, 'reads', 'read')
    expect(shared.remaining()).toBe(99)
    limits.observe(ACCOUNT, 'reads', 0.97)
    expect([shared.remaining(), limits.status(ACCOUNT).current]).toEqual([3, 10])
    limits.observe({ ...ACCOUNT, accountId: 'act_2' }, 'reads', 1)
    expect(shared.remaining()).toBe(3)
  })

  it('keep bids away as long as the platform wants reads to stay away', async () => {
    const { limits, shared, clock } = await start()
    limits.block(ACCOUNT, 'reads', 30_000)
    expect(shared.admits('bid')).toEqual({ is: 'limited', retryAfterMs: 30_000 })
    clock.advance(30_000)
    expect(shared.admits('bid')).toEqual({ is: 'admitted' })
  })

  it('count a pause wherever it is made, and never refuse it', async () => {
    const { limits, shared, clock } = await start()
    limits.block(ACCOUNT, 'reads', 30_000)
    for (let call = 0; call < 12; call++)
      expect(await limits.take(ACCOUNT, 'reads', 'lowering')).toEqual({ is: 'admitted' })
    clock.advance(30_000)
    expect(shared.remaining()).toBe(88)
    expect(await limits.take(ACCOUNT, 'reads', 'bid')).toMatchObject({ is: 'limited' })
  })
})
