import { gzipSync } from 'node:zlib'
import { GppModel } from '@iabgpp/cmpapi'
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
  for (const coding of ['gzip,', ', x-gzip ,', 'identity, gzip'])
    expect((await post(new Uint8Array(gzipSync(text)), { 'content-encoding': coding })).status).toBe(200)
  for (const coding of ['identity', 'IDENTITY,', ',', ''])
    expect((await post(text, { 'content-encoding': coding })).status).toBe(200)
  for (const coding of ['br', 'deflate', 'zstd', 'gzip, br', 'gzip, gzip', 'gzip;q=1', '*']) {
    const refused = await post(text, { 'content-encoding': coding })
    expect([refused.status, refused.headers.get('accept-encoding')]).toEqual([415, 'gzip'])
    expect(await refused.json()).toMatchObject({ code: 'unsupported_media_type', field: 'content-encoding' })
  }
  expect((await post(`\uFEFF${text}`, {})).status).toBe(200)
  const bid = { customerId: 'C', campaignId: 'c', platform: 'meta', predictedLtv: 5, dryRun: true }
  for (const mark of ['', '\uFEFF'])
    expect((await harness.send('POST', '/v1/bids', mark + JSON.stringify(bid))).status).toBe(200)
  expect((await harness.send('POST', '/v1/bids', `\uFEFF\uFEFF${JSON.stringify(bid)}`)).status).toBe(400)
  const codingFor = async (accept: string) =>
    (await post(text, { 'accept-encoding': accept })).headers.get('content-encoding')
  expect(await codingFor('GZIP')).toBe('gzip')
  for (const accept of ['x-gzip;q=0.5', 'identity;q=0, gzip', 'identity;q=0, *'])
    expect(await codingFor(accept)).toBe('gzip')
  for (const accept of ['gzip;q=0', 'identity, gzip; q=0.0', 'br', 'notgzip', 'identity, x-gzip;q=0.5'])
    expect(await codingFor(accept)).toBeNull()
})

it('refuses who takes no answer that it could send, before any money is held', async () => {
  const harness = await startHarness()
  const held = async () => (await harness.get('/v1/budgets/platform:openrtb')).body.holds.held
  const post = (body: string, accept: string) =>
    fetch(`${harness.url}${PATH}`, { method: 'POST', body, headers: { 'accept-encoding': accept } })
  for (const accept of ['identity;q=0', '*;q=0', 'br, identity;q=0', 'gzip;q=0, *;q=0']) {
    const answer = await post(JSON.stringify(request()), accept)
    expect([answer.status, await answer.text()]).toEqual([406, ''])
  }
  expect(await held()).toBe(0)
  const zipped = await post(JSON.stringify(request()), 'identity;q=0, gzip;q=0.1')
  expect([zipped.status, zipped.headers.get('content-encoding')]).toEqual([200, 'gzip'])
  const refused = await post('[]', 'identity;q=0, gzip')
  expect([refused.status, refused.headers.get('content-encoding')]).toEqual([400, 'gzip'])
  expect(await refused.json()).toMatchObject({ code: 'invalid_request', field: 'body' })
})

it.each([
  ['http://127.0.0.1:8003', 1],
  ['https://bid.example', 0],
  ['', 0],
])('warns once at a start with the public address %s: %i times', async (PUBLIC_URL, times) => {
  const harness = await startHarness({ PUBLIC_URL })
  const { body } = await harness.get('/v1/campaigns/example-video')
  const { id: _, ...spec } = body
  for (let i = 0; i < 2; i++) await harness.send('PUT', `/v1/campaigns/more-${i}`, spec)
  const warnings = harness.logged.filter(({ msg }) => String(msg).includes('PUBLIC_URL is http'))
  expect(warnings).toHaveLength(times)
  if (times > 0) expect(warnings[0]).toMatchObject({ campaign: 'example-video', creative: 'video' })
})

it('looks a user up by consent for our vendor where one is configured', async () => {
  // Made with consent for purposes 1 and 4, and for the vendors 5 and 7.
  const consent = new GppModel()
  const fields = { CmpId: 10, PurposeConsents: [true, false, false, true], VendorConsents: [5, 7] }
  for (const [field, value] of Object.entries(fields)) consent.setFieldValue('tcfeuv2', field, value)
  const user = { id: 'u-1', consent: consent.encodeSectionById(2) }
  for (const [vendor, source] of [
    ['7', 'ai'],
    ['8', 'fallback'],
    ['', 'ai'],
  ]) {
    const harness = await startHarness({ TCF_VENDOR_ID: vendor ?? '' })
    await harness.send('PUT', '/v1/ltv', { rows: [{ userId: 'u-1', idType: 'user', predictedLtv: 900 }] })
    const { body } = await harness.send('POST', PATH, request([imp()], { user, regs: { gdpr: 1 } }))
    expect(body.seatbid[0].bid[0].ext.bidwarden.source).toBe(source)
  }
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
