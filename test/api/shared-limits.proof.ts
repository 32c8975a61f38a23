import { describe, expect, it, onTestFinished } from 'vitest'
import { redis, startReplica } from '../support/replica.ts'
import { startProxy } from '../support/tcp-proxy.ts'

const SOON = { interval: 50 }
/** Money is plenty; twenty calls in ten minutes are not. */
const SCARCE = { GOOGLE_ADS_RATE_LIMIT: '20/600', GOOGLE_ADS_BUDGET: '1000000' }

type Replica = Awaited<ReturnType<typeof startReplica>>

/** Requests that a replica's sandbox has had from it. */
const calls = ({ service }: Replica): number =>
  service.sandbox?.ledger.requests.filter(({ platform }) => platform === 'google_ads').length ?? 0
const allCalls = (replicas: readonly Replica[]) => replicas.reduce((sum, one) => sum + calls(one), 0)

describe('a limit on calls to a platform account', () => {
  it('holds for all replicas together, and is used up; pausing still passes', async () => {
    const { url } = await redis()
    const replicas = [await startReplica(url, SCARCE), await startReplica(url, SCARCE)]
    const [one] = replicas
    if (!one) throw new Error('no replica')
    await one.vouch()
    for (const { ready } of replicas) await ready()
    // The last calls may have to move from one purse to the other first, so refused bids are tried again.
    await expect
      .poll(async () => {
        await Promise.all(replicas.map(({ bid }) => bid()))
        return allCalls(replicas)
      }, SOON)
      .toBeGreaterThanOrEqual(19)
    const refused = await Promise.all(replicas.flatMap(({ bid }) => [bid(), bid(), bid()]))
    expect(refused.at(-1)).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(allCalls(replicas)).toBeLessThanOrEqual(20)

    const before = calls(one)
    const pause = await one.send('POST', '/v1/kill-switch', { engaged: true, pauseCampaigns: true })
    expect(pause.body.campaigns).toContainEqual(expect.objectContaining({ result: 'paused' }))
    expect(calls(one)).toBeGreaterThan(before)
  })

  it('is drawn on until the lease ends while Redis is away, and what lowers risk passes then too', async () => {
    const { port } = await redis()
    const proxy = await startProxy(port)
    onTestFinished(() => proxy.close())
    const replica = await startReplica(`redis://127.0.0.1:${proxy.port}`, {
      GOOGLE_ADS_BUDGET: '1000000',
      GOOGLE_ADS_RATE_LIMIT: '1000/600',
    })
    await replica.vouch()
    // So many that both purses are filled for a while.
    await expect
      .poll(async () => {
        await Promise.all(Array.from({ length: 10 }, () => replica.bid()))
        return calls(replica)
      }, SOON)
      .toBeGreaterThan(30)
    proxy.cut('all')
    const before = calls(replica)
    expect((await replica.bid()).status).toBe(200)
    expect(calls(replica)).toBeGreaterThan(before)
    let last = 200
    await expect
      .poll(
        async () => {
          last = (await replica.bid()).status
          return last
        },
        { interval: 100 },
      )
      .not.toBe(200)
    expect([429, 503]).toContain(last)
    const pause = await replica.send('POST', '/v1/kill-switch', { engaged: true, pauseCampaigns: true })
    expect(pause.body.campaigns).toContainEqual(expect.objectContaining({ result: 'paused' }))
  })

  it('is not shown among the budgets', async () => {
    const { url } = await redis()
    const replica = await startReplica(url)
    await replica.vouch()
    expect((await replica.bid()).status).toBe(200)
    const { budgets } = (await replica.get('/v1/budgets')).body
    const names = budgets.map(({ scope }: { scope: string }) => scope)
    expect(names).toContain('platform:google_ads')
    expect(names.filter((name: string) => name.startsWith('calls:'))).toEqual([])
  })
})
