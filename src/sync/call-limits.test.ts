import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { EVERY_CALL } from '../connectors/platform/steps.ts'
import { RateLimiter } from '../shield/index.ts'
import { createLimits } from './call-limits.ts'
import { openStore } from './store/index.ts'

const LIMIT = { calls: 10, windowMs: 60_000 }
const ACCOUNT = { type: 'META', orgId: 1, accountId: 'act_1' } as const

async function openOne() {
  const clock = new FakeClock()
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const store = await openStore({ is: 'sqlite', dataDir: folder })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await store.db.insertInto('organizations').values({ id: 1, name: 'one' }).execute()
  return { clock, store }
}

/** A bucket of ten calls a minute, of an account that bids are placed on as well. */
async function start() {
  const { clock, store } = await openOne()
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
    expect(shared.admits('bid')).toEqual({ is: 'limited', retryAfterMs: 30_000, isPlatforms: true })
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

describe('a limit on every call of an account', () => {
  async function startWhole() {
    const { clock, store } = await openOne()
    const limits = createLimits(store, clock, () => [{ bucket: EVERY_CALL, ...LIMIT, yields: true }])
    const taken = async (bucket: string) => (await limits.take(ACCOUNT, bucket, 'bid')).is
    return { limits, taken, clock }
  }

  it('counts calls of all kinds together', async () => {
    const { taken } = await startWhole()
    for (let call = 0; call < 5; call++)
      expect([await taken('reads'), await taken('writes')]).toEqual(['admitted', 'admitted'])
    expect([await taken('reads'), await taken('writes')]).toEqual(['limited', 'limited'])
  })

  it('yields while the platform says that it has room, for five minutes at most', async () => {
    const { limits, taken, clock } = await startWhole()
    for (let call = 0; call < 10; call++) await taken('reads')
    expect(await taken('reads')).toBe('limited')
    limits.observe(ACCOUNT, 'reads', 0.2)
    for (let call = 0; call < 30; call++) expect(await taken('writes')).toBe('admitted')
    limits.observe(ACCOUNT, 'reads', 0.8)
    expect(await taken('writes')).toBe('limited')
    limits.observe(ACCOUNT, 'reads', 0.2)
    limits.block(ACCOUNT, 'reads', 1_000)
    expect(await taken('reads')).toBe('limited')
    clock.advance(1_000)
    expect(await taken('reads')).toBe('admitted')
    clock.advance(300_000)
    for (let call = 0; call < 10; call++) await taken('reads')
    expect(await taken('reads')).toBe('limited')
  })
})
