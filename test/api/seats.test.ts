import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { type Harness, startHarness } from '../support/harness.ts'

const entry = (name: string, scopes: string) => `${name}:${scopes}:${hashKey(name).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer ${name}` })

const SEATS = JSON.stringify([
  { id: 'seat7', org: 7 },
  { id: 'seat8', org: 8 },
  { id: 'shared', requireKey: false },
])
const API_KEYS = [
  entry('ops', 'read+operate+bid'),
  entry('seven@7', 'read+operate+bid'),
  entry('eight@8', 'read+operate+bid'),
].join(',')

const campaign = (seat: string, more: object = {}) => ({
  seat,
  advertiserDomain: 'advertiser.example',
  price: { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 },
  creatives: [{ id: 'ad', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>Hello</b>' }],
  ...more,
})
const dearer = (seat: string, cpm: number) =>
  campaign(seat, { price: { cpmPerLtv: 0, minCpm: cpm, maxCpm: cpm } })

const request = (more: object = {}) => ({
  id: 'a-test',
  imp: [{ id: '1', banner: { w: 300, h: 250 } }],
  site: { domain: 'news.example' },
  ...more,
})

const held = async ({ get }: Harness, headers = {}) =>
  (await get('/v1/budgets/platform:openrtb', headers)).body.limits[0].held

describe('GET /v1/seats', () => {
  it('shows how each seat is doing, and why impressions had no bid, the commonest reason first', async () => {
    const { get, send } = await startHarness()
    const ask = (body: object) => send('POST', '/openrtb2/example/bid', body)
    await ask(request())
    await ask(request({ tmax: 5 }))
    for (let i = 0; i < 2; i++) await ask(request({ imp: [{ id: '1', banner: { w: 1, h: 1 } }] }))
    const { body } = await get('/v1/seats')
    expect(body.seats).toMatchObject([
      {
        ...{
          seat: 'example',
          requests: 4,
          answered: 1,
          bids: 1,
          bidRate: 0.25,
          wins: 0,
          billed: 0,
          winRate: 0,
        },
        ...{ tooLate: 1, currency: 'USD', held: 0.005, overdraft: 0 },
        noBids: [
          { reason: 'no_campaign', imps: 2 },
          { reason: 'too_late', imps: 1 },
        ],
      },
    ])
    expect(body.seats[0].qps).toBeGreaterThan(0)
    expect((await get('/v1/seats/example')).body).toEqual(body.seats[0])
  })

  it('shows an organisation its own seats, and the operator all of them with whose they are', async () => {
    const { get } = await startHarness({ API_KEYS, OPENRTB_SEATS: SEATS })
    const listed = async (name: string) =>
      (await get('/v1/seats', as(name))).body.seats.map(({ seat, org }: { seat: string; org?: number }) => [
        seat,
        org,
      ])
    expect(await listed('seven@7')).toEqual([['seat7', 7]])
    expect(await listed('ops')).toEqual([
      ['seat7', 7],
      ['seat8', 8],
      ['shared', undefined],
    ])
  })
})

describe('POST /v1/seats/{seat}/test', () => {
  it('says what would be bid, what each other campaign lacks, and holds, counts and learns nothing', async () => {
    const harness = await startHarness()
    const { get, send } = harness
    await send('PUT', '/v1/campaigns/cheap', campaign('example'))
    await send('PUT', '/v1/campaigns/dear', dearer('example', 20))
    await send('PUT', '/v1/campaigns/abroad', campaign('example', { targeting: { deviceTypes: [7] } }))
    const before = (await get('/v1/seats/example')).body
    const body = request({
      imp: [
        { id: '1', banner: { w: 300, h: 250 } },
        { id: '2', banner: { w: 300, h: 250 }, bidfloor: 90 },
        { id: '3', banner: { w: 1, h: 1 } },
        { id: '4', banner: { w: 300, h: 'wide' } },
      ],
      device: { devicetype: 2 },
      ext: { bidwarden: { predictedLtv: 120 } },
    })
    const { status, body: answer } = await send('POST', '/v1/seats/example/test', body)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ seat: 'example', currency: 'USD', heldCurrency: 'USD' })
    const [first, second, third, fourth] = answer.imps
    expect(first).toMatchObject({
      impId: '1',
      bids: [
        { campaign: 'dear', creative: 'ad', price: 20, source: 'ai', predictedLtv: 120, wouldHold: 0.02 },
      ],
      isTaken: false,
    })
    expect(first.campaigns).toEqual(
      expect.arrayContaining([
        { campaign: 'dear', is: 'bids' },
        { campaign: 'cheap', is: 'beaten' },
        { campaign: 'example-300x250', is: 'beaten' },
        { campaign: 'abroad', is: 'refused', reason: 'device_type' },
      ]),
    )
    expect(second).toMatchObject({ bids: [], reason: 'below_floor' })
    expect(second.campaigns).toContainEqual({ campaign: 'dear', is: 'refused', reason: 'below_floor' })
    expect(third).toMatchObject({ bids: [], reason: 'no_campaign', campaigns: [] })
    expect(fourth).toMatchObject({ bids: [], reason: 'bad_impression', field: 'imp.banner.h' })
    expect(await held(harness)).toBe(0)
    expect((await get('/v1/seats/example')).body).toEqual(before)
    // The values of tests are not what the next bid goes by.
    for (let i = 0; i < 30; i++) await send('POST', '/v1/seats/example/test', body)
    const next = await send('POST', '/v1/seats/example/test', request())
    expect(next.body.imps[0].bids[0]).not.toHaveProperty('predictedLtv')
  })

  it('says where the money for the bid is lacking, and which budget stops it', async () => {
    const { send } = await startHarness()
    await send('PUT', '/v1/campaigns/dear', {
      ...dearer('example', 20),
      limits: [{ kind: 'lifetime', max: 0.01 }],
    })
    const bidOf = async () => (await send('POST', '/v1/seats/example/test', request())).body.imps[0].bids[0]
    expect(await bidOf()).toMatchObject({
      campaign: 'dear',
      lack: { is: 'over_budget', budget: 'campaign:openrtb:dear' },
    })
    await send('POST', '/v1/kill-switch', { engaged: true })
    expect(await bidOf()).toMatchObject({ lack: { is: 'stopped' } })
  })

  it('tells a wrong request by its field, and knows no other seat', async () => {
    const { send } = await startHarness()
    const wrong = await send('POST', '/v1/seats/example/test', { id: 'a', imp: [] })
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'imp' } })
    const many = Array.from({ length: 101 }, (_, at) => ({ id: String(at), banner: { w: 300, h: 250 } }))
    const crowded = await send('POST', '/v1/seats/example/test', request({ imp: many }))
    expect(crowded).toMatchObject({ status: 400, body: { field: 'imp' } })
    expect((await send('POST', '/v1/seats/nobody/test', request())).status).toBe(404)
    expect((await send('POST', '/v1/seats/example/test', '{"id":"a","id":"b"}')).status).toBe(400)
  })

  it('tells an organisation of its own campaigns alone, at its own seats and at shared ones', async () => {
    const { send } = await startHarness({ API_KEYS, OPENRTB_SEATS: SEATS })
    await send('PUT', '/v1/campaigns/spring', campaign('shared'), as('seven@7'))
    await send('PUT', '/v1/campaigns/spring', dearer('shared', 9), as('eight@8'))
    await send('PUT', '/v1/budgets/org:7', { limits: [{ kind: 'lifetime', max: 0.001 }] }, as('ops'))
    const test = (seat: string, who: string) =>
      send('POST', `/v1/seats/${seat}/test`, request(), as(who)).then(({ status, body }) => ({
        status,
        imp: body.imps?.[0],
      }))
    expect((await test('seat8', 'seven@7')).status).toBe(404)
    expect((await test('seat7', 'seven@7')).imp).toMatchObject({ reason: 'no_campaign' })
    expect((await test('shared', 'seven@7')).imp).toEqual({
      ...{ impId: '1', bids: [], isTaken: true },
      campaigns: [{ campaign: 'spring', is: 'beaten' }],
    })
    const { imp } = await test('shared', 'ops')
    expect(imp.bids).toMatchObject([{ campaign: 'spring@8' }])
    expect(imp.campaigns).toEqual([
      { campaign: 'spring@8', is: 'bids' },
      { campaign: 'spring@7', is: 'beaten' },
    ])
    await send('DELETE', '/v1/campaigns/spring', undefined, as('eight@8'))
    expect((await test('shared', 'seven@7')).imp.bids).toMatchObject([
      { campaign: 'spring', lack: { is: 'over_budget', budget: 'org:7' } },
    ])
    // What the operator has stopped is stopped for all, and not theirs to know more of.
    await send('POST', '/v1/budgets/platform:openrtb/pause', { reason: 'secret' }, as('ops'))
    const [bid] = (await test('shared', 'seven@7')).imp.bids
    expect(bid.lack.is).toBe('stopped')
    expect(JSON.stringify(bid)).not.toMatch(/secret|platform:openrtb/)
  })
})
