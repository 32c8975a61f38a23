import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { type Reply, startHarness } from '../support/harness.ts'
import { startPlayedReads } from '../support/played-reads.ts'
import { startOn, temporaryDirectory } from '../support/restarts.ts'

const entry = (name: string, scopes: string, key: string) =>
  `${name}:${scopes}:${hashKey(key).toString('hex')}`
const KEYS = {
  API_KEYS: [
    entry('ops', 'admin', 'k-ops'),
    entry('clerk', 'bid+read+operate', 'k-clerk'),
    entry('seven@7', 'admin', 'k-seven'),
    entry('eight@8', 'admin', 'k-eight'),
  ].join(','),
}
const as = (key: string) => ({ authorization: `Bearer ${key}` })
const lifetime = (max: number) => ({ limits: [{ kind: 'lifetime', max }] })
const SCOPES = ['bid', 'read', 'operate']

async function started(environment: Record<string, string> = {}) {
  const harness = await startHarness({ ...KEYS, ...environment })
  const { send, get, bid } = harness
  const make = (name: string, max: number | undefined, more: object = {}, who = 'k-ops') =>
    send(
      'POST',
      '/v1/keys',
      { name, scopes: SCOPES, ...(max !== undefined && { budget: lifetime(max) }), ...more },
      as(who),
    )
  return {
    ...harness,
    make,
    revoke: (name: string) => send('DELETE', `/v1/keys/${name}`, undefined, as('k-ops')),
    budget: (scope: string, who = 'k-ops') => get(`/v1/budgets/${scope}`, as(who)),
    limit: (scope: string, max: number, who = 'k-ops') =>
      send('PUT', `/v1/budgets/${scope}`, lifetime(max), as(who)),
    bidAs: (key: string, bidAmount: number, more: object = {}) => bid({ bidAmount, ...more }, as(key)),
  }
}

const namesOf = ({ body }: Reply): string[] => body.budgets.map(({ scope }: { scope: string }) => scope)

describe('the budget of an API key', () => {
  it('pays for every bid of the key beside the others, and for no bid of another', async () => {
    const { make, bidAs, budget, get } = await started()
    const made = await make('ml', 100)
    expect(made.body).toMatchObject({ name: 'ml', budget: 'key:ml' })
    const { key } = made.body
    const placed = await bidAs(key, 60)
    expect(placed.body).toMatchObject({ status: 'placed', budget: { limit: 100, spent: 60, remaining: 40 } })
    for (const more of [{}, { dryRun: true }, { platform: 'auto', campaignId: 'other' }])
      expect(await bidAs(key, 60, more)).toMatchObject({
        status: 429,
        body: { code: 'budget_exceeded', scope: 'key:ml', remaining: 40 },
      })
    expect((await bidAs('k-clerk', 60)).status).toBe(200)
    expect((await bidAs(key, 40)).status).toBe(200)
    expect((await budget('key:ml')).body).toMatchObject({
      currency: 'USD',
      limits: [{ max: 100, spent: 100 }],
    })
    expect((await budget('platform:google_ads')).body.limits[0].spent).toBe(160)
    const record = await get(`/v1/bids/${placed.body.bidId}`, as('k-ops'))
    expect(record.body.scopes).toEqual(['platform:google_ads', 'global', 'key:ml'])
  })

  it('is seen by the operator and by its organisation, which names it without its number', async () => {
    const { make, get, budget, send } = await started()
    const own = await make('ml', 100, {}, 'k-seven')
    expect(own.body).toMatchObject({ name: 'ml', budget: 'key:ml', organisation: 7 })
    await make('ml', 50)
    expect(namesOf(await get('/v1/budgets', as('k-ops')))).toEqual(
      expect.arrayContaining(['key:ml@7', 'key:ml']),
    )
    expect(namesOf(await get('/v1/budgets', as('k-seven')))).toEqual(['org:7', 'key:ml'])
    expect((await budget('key:ml', 'k-seven')).body.limits[0].max).toBe(100)
    expect(namesOf(await get('/v1/budgets', as('k-eight')))).not.toContain('key:ml')
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ] as const)
      for (const scope of ['key:ml@7', 'key:ml'])
        expect((await send(method, `/v1/budgets/${scope}${path}`, undefined, as('k-eight'))).status).toBe(404)
    expect((await get('/v1/keys', as('k-seven'))).body.keys.at(-1)).toMatchObject({ budget: 'key:ml' })
  })

  it('is lowered and paused by whoever may operate, and raised by admins alone', async () => {
    const { make, limit, send, bidAs } = await started()
    const { key } = (await make('ml', 100)).body
    expect((await limit('key:ml', 80, key)).status).toBe(200)
    for (const max of [81, 1_000]) expect((await limit('key:ml', max, key)).status).toBe(403)
    expect((await send('PUT', '/v1/budgets/key:ml', { limits: [] }, as(key))).status).toBe(403)
    const pause = (verb: string, who: string) =>
      send('POST', `/v1/budgets/key:ml/${verb}`, undefined, as(who))
    expect((await pause('pause', key)).body.paused).toBe(true)
    expect(await bidAs(key, 1)).toMatchObject({ body: { code: 'paused', scope: 'key:ml' } })
    for (const who of [key, 'k-clerk']) expect((await pause('resume', who)).status).toBe(403)
    expect((await pause('resume', 'k-ops')).status).toBe(200)
    expect((await limit('key:ml', 200)).status).toBe(200)
    expect((await bidAs(key, 150)).status).toBe(200)
    const own = (await make('ml', 10, {}, 'k-seven')).body
    expect((await limit('key:ml', 11, own.key)).status).toBe(403)
    expect((await limit('key:ml', 11, 'k-seven')).body.limits[0].max).toBe(11)
    // Not by one that has a budget, whatever else it may do: it may be its own, and another key would pass it by.
    const boss = (await make('boss', 10, { scopes: ['admin'] })).body.key
    expect((await limit('key:boss', 20, boss)).status).toBe(403)
    expect((await limit('key:boss', 5, boss)).status).toBe(200)
    expect((await make('other', undefined, {}, boss)).status).toBe(403)
  })

  it('is there for a key that was made with it alone, and goes with the key alone', async () => {
    const { make, limit, send, budget } = await started()
    await make('plain', undefined)
    expect((await limit('key:plain', 10)).body).toMatchObject({ status: 400, field: 'scope' })
    await make('ml', 10)
    const removed = await send('DELETE', '/v1/budgets/key:ml', undefined, as('k-ops'))
    expect(removed.body).toMatchObject({ status: 400, detail: expect.stringContaining('/v1/keys/{name}') })
    expect((await budget('key:ml')).status).toBe(200)
    for (const limits of [[], [lifetime(1).limits[0], lifetime(2).limits[0]]])
      expect((await make('other', undefined, { budget: { limits } })).status).toBe(400)
  })

  it('is gone when the key is revoked; a key of the same name begins with what was spent', async () => {
    const { make, revoke, bidAs, budget, get } = await started()
    const { key } = (await make('ml', 100)).body
    await bidAs(key, 60)
    await revoke('ml')
    expect((await budget('key:ml')).status).toBe(404)
    expect((await get('/v1/keys', as('k-ops'))).body.keys.at(-1).budget).toBeUndefined()
    const again = (await make('ml', 100)).body.key
    expect(await bidAs(again, 60)).toMatchObject({ body: { code: 'budget_exceeded', remaining: 40 } })
    expect((await bidAs(again, 40)).status).toBe(200)
  })

  it('is settled by a bid that was under way when the key was revoked', async () => {
    const { make, revoke, bidAs, budget, sandbox } = await started()
    const { key } = (await make('ml', 100)).body
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const underWay = bidAs(key, 70)
    await sandbox.faults.whenHeld(1)
    await revoke('ml')
    await make('ml', 100)
    expect((await budget('key:ml')).body.limits[0]).toMatchObject({ spent: 0, held: 70 })
    sandbox.faults.release()
    expect((await underWay).status).toBe(200)
    expect((await budget('key:ml')).body.limits[0]).toMatchObject({ spent: 70, held: 0 })
  })

  it('is not passed by a bid that waited while the key was revoked', async () => {
    const { make, revoke, bidAs, get, sandbox, clock } = await started()
    const { key } = (await make('ml', 100)).body
    sandbox.faults.add({ platform: 'google_ads', times: 'always', fault: { is: 'http', status: 503 } })
    let waiting = await bidAs(key, 1)
    for (let tries = 0; waiting.status !== 202 && tries < 10; tries++) waiting = await bidAs(key, 1)
    expect(waiting.status).toBe(202)
    await revoke('ml')
    sandbox.faults.clear()
    const path = `/v1/bids/${waiting.body.bidId}`
    let ended = await get(path, as('k-ops'))
    for (let seconds = 0; ended.body.status === 'deferred' && seconds < 70; seconds++) {
      clock.advance(1_000)
      ended = await get(path, as('k-ops'))
    }
    expect(ended.body).toMatchObject({ status: 'refused', code: 'unauthorized' })
    expect(sandbox.ledger.applied).toEqual([])
  })

  it('pays in its currency alone', async () => {
    const { make, bidAs } = await started({ META_CURRENCY: 'EUR' })
    const { key } = (await make('ml', 100)).body
    expect(await bidAs(key, 1, { platform: 'meta' })).toMatchObject({
      status: 422,
      body: { code: 'currency_mismatch', scope: 'key:ml' },
    })
  })

  it('cannot be passed by at an exchange: a key that has one asks for no auctions', async () => {
    const { make, send } = await started({
      OPENRTB_SEATS: JSON.stringify([{ id: 'keyed', requireKey: true }]),
    })
    const request = { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }] }
    const ask = (key: string) => send('POST', '/openrtb2/keyed/bid', request, as(key))
    expect((await ask((await make('ml', 100)).body.key)).status).toBe(403)
    expect((await ask((await make('plain', undefined)).body.key)).status).toBe(204)
  })

  it('cannot be passed by with a campaign for exchanges: a key that has one may only pause and delete those', async () => {
    const { make, send } = await started()
    const { key } = (await make('ml', 100)).body
    const campaign = {
      seat: 'example',
      advertiserDomain: 'advertiser.example',
      price: { cpmPerLtv: 0.05, minCpm: 1, maxCpm: 5 },
      creatives: [{ id: 'c', type: 'banner', sizes: [{ w: 1, h: 1 }], markup: '<a>' }],
    }
    const put = (who: string, more: object = {}) =>
      send('PUT', '/v1/campaigns/spring', { ...campaign, ...more }, as(who))
    expect(await put(key)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect((await put('k-clerk')).status).toBe(200)
    expect((await put(key, { price: { ...campaign.price, maxCpm: 50 } })).status).toBe(403)
    expect((await put(key, { status: 'paused' })).body).toMatchObject({ status: 'paused' })
    expect((await put(key)).status).toBe(403)
    expect((await send('DELETE', '/v1/campaigns/spring', undefined, as(key))).status).toBe(200)
  })

  it('is refused where there are as many budgets as may be', async () => {
    const { make } = await started({ TABLE_LIMITS: 'budgets=2' })
    expect(await make('ml', 100)).toMatchObject({ status: 400, body: { field: 'budget' } })
    expect((await make('ml', undefined)).status).toBe(200)
  })

  it('pays for a raise of a campaign at a platform', async () => {
    const reads = await startPlayedReads()
    const { id, connector_id = id } = (await reads.connect('META')).body
    const { key } = (
      await reads.send('POST', '/v1/keys', { name: 'ml', scopes: ['operate'], budget: lifetime(60) })
    ).body
    const create = (name: string) =>
      reads.send(
        'POST',
        `/api/v1/connectors/${connector_id}/campaigns`,
        { name, daily_budget: 50, start_date: '2026-12-01' },
        as(key),
      )
    expect((await create('one')).status).toBe(200)
    expect(await create('two')).toMatchObject({ body: { code: 'budget_exceeded', scope: 'key:ml' } })
    expect((await reads.get('/v1/budgets/key:ml')).body.limits[0].spent).toBe(50)
  })

  it('outlives the process with its limits and its spend, as does that it is gone', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory, KEYS)
    const make = (name: string) =>
      first.send('POST', '/v1/keys', { name, scopes: SCOPES, budget: lifetime(100) }, as('k-ops'))
    const bid = { customerId: 'C', campaignId: 'c1', platform: 'google_ads', predictedLtv: 900 }
    const { key } = (await make('ml')).body
    await make('goes')
    expect((await first.send('POST', '/v1/bids', { ...bid, bidAmount: 60 }, as(key))).status).toBe(200)
    await first.send('PUT', '/v1/budgets/key:ml', lifetime(70), as('k-ops'))
    await first.send('DELETE', '/v1/keys/goes', undefined, as('k-ops'))
    await first.service.stop()
    const second = await startOn(directory, KEYS)
    const budget = (name: string) => second.send('GET', `/v1/budgets/${name}`, undefined, as('k-ops'))
    expect((await budget('key:ml')).body.limits[0]).toMatchObject({ max: 70, spent: 60 })
    expect((await budget('key:goes')).status).toBe(404)
    expect((await second.send('POST', '/v1/bids', { ...bid, bidAmount: 11 }, as(key))).body).toMatchObject({
      code: 'budget_exceeded',
      scope: 'key:ml',
    })
  })
})
