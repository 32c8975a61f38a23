import { describe, expect, it, onTestFinished } from 'vitest'
import { redis, startReplica } from '../support/replica.ts'
import { startProxy } from '../support/tcp-proxy.ts'

describe('budgets in Redis', () => {
  it('are not spent from a Redis that may have lost its data, until an operator vouches for it', async () => {
    const { url } = await redis()
    const replica = await startReplica(url)

    expect(await replica.bid()).toMatchObject({ status: 503, body: { code: 'budget_store_unavailable' } })
    expect((await replica.get('/v1/store')).body).toMatchObject({
      reachable: true,
      refusing: expect.arrayContaining([expect.objectContaining({ scope: 'platform:google_ads' })]),
    })
    expect(await replica.vouch()).toMatchObject({ status: 200, body: { refusing: [] } })
    expect(await replica.bid()).toMatchObject({ status: 200, body: { status: 'placed' } })
  })

  it('are shared by all processes: together they place what the limit allows and no more', async () => {
    const { url } = await redis()
    const replicas = [await startReplica(url), await startReplica(url)]
    await replicas[0]?.vouch()
    await replicas[1]?.ready()
    let placed = 0
    // The last money may have to move from one purse to the other first, so a refused bid is tried again.
    await expect
      .poll(
        async () => {
          const replies = await Promise.all(replicas.map(({ bid }) => bid()))
          placed += replies.filter(({ status }) => status === 200).length
          return placed
        },
        { interval: 100 },
      )
      .toBeGreaterThanOrEqual(5)
    for (const { bid } of replicas) if ((await bid()).status === 200) placed += 1

    expect(placed).toBe(5)
    for (const { get } of replicas) {
      const { limits, elsewhere } = (await get('/v1/budgets/platform:google_ads')).body
      expect(limits[0].spent + elsewhere).toBe(500)
    }
  })

  it('answer an exchange although its money has to be fetched first', async () => {
    const { url } = await redis()
    const { vouch, send } = await startReplica(url)
    await vouch()
    const request = { id: '1', tmax: 500, imp: [{ id: '1', banner: { w: 300, h: 250 } }] }

    await expect
      .poll(() => send('POST', '/openrtb2/example/bid', request))
      .toMatchObject({ status: 200, body: { id: '1' } })
  })

  it('give exchanges the reason budget_unknown while Redis does not answer', async () => {
    const { port } = await redis()
    const proxy = await startProxy(port)
    onTestFinished(() => proxy.close())
    const { vouch, send } = await startReplica(`redis://127.0.0.1:${proxy.port}`)
    await vouch()
    proxy.cut('all')
    const imp = [{ id: '1', banner: { w: 300, h: 250 } }]
    const { body } = await send('POST', '/openrtb2/example/bid', {
      ...{ id: '1', imp, ext: { bidwarden: { debug: true } } },
    })
    expect(body.ext.seatnonbid[0].nonbid[0].ext.bidwarden.reason).toBe('budget_unknown')
  })

  it('show how much the late bills of a seat overdrew', async () => {
    const { url } = await redis()
    const { vouch, send, get } = await startReplica(url, { OPENRTB_BUDGET: '0.005' })
    await vouch()
    const auction = () =>
      send('POST', '/openrtb2/example/bid', {
        id: '1',
        tmax: 500,
        imp: [{ id: '1', banner: { w: 300, h: 250 } }],
      })
    let first = await auction()
    while (first.status !== 200) first = await auction()
    const { burl, lurl } = first.body.seatbid[0].bid[0]
    // What was lost is bid again, and then billed all the same.
    await get(`${new URL(lurl).pathname}?loss=102`)
    await expect.poll(async () => (await auction()).status).toBe(200)
    await get(`${new URL(burl).pathname}?price=5`)

    await expect.poll(async () => (await get('/v1/seats/example')).body.overdraft).toBe(0.005)
  })

  it('stop at every process within a second of the kill switch, a pause or a lower limit at one of them', async () => {
    const { url } = await redis()
    const [one, other] = [await startReplica(url), await startReplica(url)]
    await one.vouch()
    await other.ready()
    expect((await other.bid()).status).toBe(200)

    await one.send('POST', '/v1/kill-switch', { engaged: true, reason: 'fire' })
    await expect.poll(async () => (await other.get('/v1/kill-switch')).body.engaged).toBe(true)
    expect(await other.bid()).toMatchObject({ status: 409, body: { code: 'paused' } })
    await other.send('POST', '/v1/kill-switch', { engaged: false })
    await one.send('PUT', '/v1/budgets/platform:google_ads', {
      limits: [{ kind: 'sliding', windowSeconds: 600, max: 50 }],
    })
    await expect.poll(async () => (await other.bid()).body.code).toBe('budget_exceeded')
  })

  it('are known to a process that starts later, with all that operators decided before', async () => {
    const { url } = await redis()
    const first = await startReplica(url)
    await first.vouch()
    const limits = [{ kind: 'sliding', windowSeconds: 600, max: 150 }]
    for (const scope of ['campaign:google_ads:c1', 'platform:meta'])
      await first.send('PUT', `/v1/budgets/${scope}`, { limits })

    await first.send('POST', '/v1/kill-switch', { engaged: true, reason: 'fire' })

    const later = await startReplica(url)
    expect((await later.get('/v1/budgets/platform:meta')).body.limits).toMatchObject([{ max: 150 }])
    expect(await later.bid()).toMatchObject({ status: 409, body: { code: 'paused' } })
    await later.send('POST', '/v1/kill-switch', { engaged: false })
    await expect.poll(async () => (await later.bid()).status).toBe(200)
    expect(await later.bid()).toMatchObject({ status: 429, body: { scope: 'campaign:google_ads:c1' } })
  })

  it('stay stopped at a process that starts after the kill switch or a pause', async () => {
    const { url } = await redis()
    const one = await startReplica(url)
    await one.vouch()
    await one.send('POST', '/v1/budgets/platform:google_ads/pause', { reason: 'a check' })
    await one.send('POST', '/v1/kill-switch', { engaged: true, reason: 'fire' })
    const other = await startReplica(url)
    expect((await other.get('/v1/kill-switch')).body).toMatchObject({ engaged: true, reason: 'fire' })
    expect(await other.bid()).toMatchObject({ status: 409, body: { code: 'paused' } })
    expect((await other.get('/v1/budgets/platform:google_ads')).body).toMatchObject({
      pauseReason: 'a check',
    })
  })

  it('are spent from the purse while Redis is away, then refused, and recover by themselves', async () => {
    const { port } = await redis()
    const proxy = await startProxy(port)
    onTestFinished(() => proxy.close())
    const replica = await startReplica(`redis://127.0.0.1:${proxy.port}`)
    await replica.vouch()
    const answers: number[] = []
    await expect.poll(async () => answers.push((await replica.bid()).status) && answers.at(-1)).toBe(200)
    proxy.cut('all')
    await expect
      .poll(
        async () => {
          answers.push((await replica.bid()).status)
          return (await replica.get('/readyz')).status
        },
        { interval: 50 },
      )
      .toBe(503)
    expect(await replica.bid()).toMatchObject({ status: 503, body: { code: 'budget_store_unavailable' } })
    const placed = answers.filter((status) => status === 200).length
    expect(placed).toBeLessThanOrEqual(5)

    proxy.heal()
    await expect.poll(async () => (await replica.get('/readyz')).status).toBe(200)
    const { limits, forfeited } = (await replica.get('/v1/budgets/platform:google_ads')).body
    // Who was away for longer than its lease has left behind all that it had been granted.
    if (forfeited === undefined) expect(limits[0].spent).toBe(100 * placed)
    else expect(limits[0].spent + forfeited.amount).toBeGreaterThanOrEqual(100 * placed)
  })
})
