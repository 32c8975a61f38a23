import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { startHarness } from '../support/harness.ts'

const PATH = '/openrtb2/example/bid'
const imp = (more: object = {}) => ({ id: '1', banner: { w: 300, h: 250 }, ...more })
const request = (imps: object[] = [imp()], more: object = {}) => ({ id: 'r', imp: imps, ...more })
const DEBUG = { ext: { bidwarden: { debug: true } } }

it('bids for the good impressions of a request, and says of the bad ones why not', async () => {
  const harness = await startHarness()
  const { status, body } = await harness.send(
    'POST',
    PATH,
    request([imp({ secure: 'yes' }), imp({ id: '2' })], DEBUG),
  )
  expect(status).toBe(200)
  expect(body.seatbid[0].bid).toMatchObject([{ impid: '2' }])
  expect(body.ext.seatnonbid[0].nonbid).toEqual([
    { impid: '1', statuscode: 100, ext: { bidwarden: { reason: 'bad_impression', field: 'imp.secure' } } },
  ])
  const metrics = await harness.get('/metrics')
  expect(metrics.body).toContain('bidwarden_openrtb_no_bids_total{seat="example",reason="bad_impression"} 1')
  expect(harness.logged).toContainEqual(
    expect.objectContaining({ field: 'imp.secure', reason: 'bad_impression', seat: 'example' }),
  )
})

it('tells why each campaign did not bid to a test, and nobody else', async () => {
  const harness = await startHarness()
  const dear = [imp({ bidfloor: 900 })]
  expect((await harness.send('POST', PATH, request(dear))).status).toBe(204)
  const { status, body } = await harness.send('POST', PATH, request(dear, { test: 1 }))
  expect(status).toBe(200)
  expect(body).toMatchObject({ seatbid: [], nbr: 500 })
  expect(body.ext.seatnonbid[0].nonbid[0].ext.bidwarden).toEqual({
    reason: 'below_floor',
    campaigns: { 'example-300x250': 'below_floor' },
  })
})

it('holds no money for bids that are discarded for want of transparency data', async () => {
  const harness = await startHarness()
  for (const dsarequired of [2, 3]) {
    const { body } = await harness.send(
      'POST',
      PATH,
      request([imp()], { regs: { ext: { dsa: { dsarequired } } }, ...DEBUG }),
    )
    expect(body.ext.seatnonbid[0].nonbid[0].ext.bidwarden.reason).toBe('dsa_required')
  }
  expect((await harness.get('/v1/budgets/platform:openrtb')).body.holds.held).toBe(0)
})

it('bids with the transparency data of the campaign where somebody shows it, exactly once', async () => {
  const harness = await startHarness()
  const dsa = {
    behalf: 'Café Müller',
    paid: 'Agency',
    transparency: [{ domain: 'dsp.example', dsaparams: [1, 2] }],
  }
  const put = async (adrender: number) => {
    const { status } = await harness.send('PUT', '/v1/campaigns/example-300x250', {
      seat: 'example',
      advertiserDomain: 'advertiser.example',
      price: { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 },
      creatives: [{ id: 'c', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>ad</b>' }],
      dsa: { ...dsa, adrender },
    })
    expect(status).toBe(200)
  }
  const ask = async (wish: object) => {
    const regs = { ext: { dsa: wish } }
    const { body } = await harness.send('POST', PATH, request([imp()], { regs, test: 1 }))
    return body.seatbid[0]?.bid[0].ext.dsa ?? body.ext?.seatnonbid[0].nonbid[0].ext.bidwarden.reason
  }
  await put(0)
  for (const dsarequired of [1, 2, 3]) expect(await ask({ dsarequired })).toEqual({ ...dsa, adrender: 0 })
  expect(await ask({ dsarequired: 0 })).toBeUndefined()
  expect(await ask({ dsarequired: 3, pubrender: 2 })).toEqual({ ...dsa, adrender: 0 })
  expect(await ask({ dsarequired: 2, pubrender: 0 })).toBe('dsa_rendering')
  expect(await ask({ dsarequired: 1, pubrender: 0 })).toBeUndefined()
  await put(1)
  expect(await ask({ dsarequired: 2, pubrender: 0 })).toEqual({ ...dsa, adrender: 1 })
  expect(await ask({ dsarequired: 2, pubrender: 2 })).toBe('dsa_rendering')
  expect((await harness.get('/v1/budgets/platform:openrtb')).body.holds.held).toBe(0)
})

it('reads content codings and byte order marks as they are written', async () => {
  const harness = await startHarness()
  const text = JSON.stringify(request())
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    fetch(`${harness.url}${PATH}`, { method: 'POST', body, headers })
  for (const coding of ['gzip', 'GZIP', 'Gzip', 'x-gzip']) {
    expect((await post(new Uint8Array(gzipSync(text)), { 'content-encoding': coding })).status).toBe(200)
  }
  expect((await post(`\uFEFF${text}`, {})).status).toBe(200)
  const codingFor = async (accept: string) =>
    (await post(text, { 'accept-encoding': accept })).headers.get('content-encoding')
  expect(await codingFor('GZIP')).toBe('gzip')
  expect(await codingFor('identity, x-gzip;q=0.5')).toBe('gzip')
  for (const accept of ['gzip;q=0', 'identity, gzip; q=0.0', 'br', 'notgzip'])
    expect(await codingFor(accept)).toBeNull()
})

it('holds no more than a share of a limit for one request', async () => {
  const harness = await startHarness()
  const held = async () => (await harness.get('/v1/budgets/platform:openrtb')).body.holds.held
  // $0.005 for each impression: 10% of $500 is 10,000 of them.
  for (const multiplier of [10_001, 50_000, 1e9]) {
    const { body } = await harness.send('POST', PATH, request([imp({ qty: { multiplier } })], DEBUG))
    expect(body.ext.seatnonbid[0].nonbid[0].ext.bidwarden.reason).toBe('over_request_share')
  }
  expect(await held()).toBe(0)
  const many = Array.from({ length: 20 }, (_, i) => imp({ id: `${i}`, qty: { multiplier: 1_000 } }))
  const { body } = await harness.send('POST', PATH, request(many))
  expect(body.seatbid[0].bid).toHaveLength(10)
  expect(await held()).toBe(50)
})
