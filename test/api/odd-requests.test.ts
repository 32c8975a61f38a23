import { gzipSync } from 'node:zlib'
import { GppModel } from '@iabgpp/cmpapi'
import { describe, expect, it } from 'vitest'
import { sharedHarness, startHarness } from '../support/harness.ts'

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

describe('what other programs are known to send', () => {
  const shared = sharedHarness()
  const bidsFor = async (body: object) => {
    const harness = await shared()
    const { status, body: answer } = await harness.send('POST', PATH, { ...body, test: 1 })
    expect(status).toBe(200)
    const bids = answer.seatbid.flatMap((seat: { bid: object[] }) => seat.bid)
    return bids as { impid: string; cid: string; adm: string; apis?: number[]; api?: number }[]
  }
  const native = (assets: object[], more: object = {}) => ({
    id: 'n',
    native: { request: JSON.stringify({ ver: '1.2', assets, ...more }) },
  })
  const TITLE = { id: 1, required: 1, title: { len: 90 } }

  it('frameworks in `apis` of a slot, as the example of the IAB has them for video', async () => {
    const harness = await shared()
    const vast =
      '<VAST version="3.0"><Ad><InLine><Creatives><Creative><Linear><MediaFiles><MediaFile type="application/javascript" apiFramework="VPAID">https://x.example/a.js</MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>'
    await harness.send('PUT', '/v1/campaigns/vpaid', {
      seat: 'example',
      advertiserDomain: 'v.example',
      price: { cpmPerLtv: 0, minCpm: 20, maxCpm: 50 },
      creatives: [{ id: 'v', type: 'video', vast, durationSeconds: 15, mimes: ['application/javascript'] }],
    })
    const video = { mimes: ['video/mp4', 'application/javascript'], protocols: [2, 3], maxduration: 30 }
    const bid = async (slot: object) =>
      (await bidsFor(request([{ id: 'v', video: { ...video, ...slot } }]))).map(({ cid, api }) => [cid, api])
    for (const slot of [{ apis: [1, 2] }, { api: [1], apis: [2] }, { api: [2], apis: null }])
      expect(await bid(slot)).toEqual([['vpaid', 2]])
    for (const slot of [{}, { apis: [1] }]) expect(await bid(slot)).toEqual([['example-video', undefined]])
  })

  it('a body in gzip that no header tells, since a browser would ask first', async () => {
    const { url } = await shared()
    const post = (path: string, body: Uint8Array<ArrayBuffer>) =>
      fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
    const zipped = new Uint8Array(gzipSync(JSON.stringify(request([imp()], { test: 1 }))))
    for (const path of [PATH, `${PATH}?gzip=1`]) expect((await post(path, zipped)).status).toBe(200)
    expect((await post(PATH, zipped.slice(0, 40))).status).toBe(400)
    expect((await post(PATH, new Uint8Array([0x1f, 0x8b]))).status).toBe(400)
  })

  it('countries in two letters, as Android has them', async () => {
    const harness = await shared()
    await harness.send('PUT', '/v1/campaigns/german', {
      seat: 'example',
      advertiserDomain: 'g.example',
      price: { cpmPerLtv: 0, minCpm: 20, maxCpm: 50 },
      targeting: { countries: ['DEU'] },
      creatives: [{ id: 'g', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>g</b>' }],
    })
    const winner = async (country: string) =>
      (await bidsFor(request([imp()], { device: { geo: { country } } })))[0]?.cid
    for (const country of ['DE', 'de', 'DEU', ' deu ']) expect(await winner(country)).toBe('german')
    for (const country of ['US', 'XX', 'D', '']) expect(await winner(country)).not.toBe('german')
  })

  it('native assets without an id, or trackers in their place, which cost nothing that is not required', async () => {
    const trackers = [{ event: 1, methods: [1] }]
    for (const odd of [
      { eventtrackers: trackers },
      { img: { type: 3 } },
      { id: 'x', data: { type: 2 } },
      {},
      null,
    ])
      expect(await bidsFor(request([native([TITLE, odd as object])])), JSON.stringify(odd)).toHaveLength(1)
    for (const odd of [{ required: 1, img: { type: 3 } }, { id: 9, required: 1 }, { required: 1 }])
      expect(await bidsFor(request([native([TITLE, odd])])), JSON.stringify(odd)).toEqual([])
    expect(await bidsFor(request([native([{ img: { type: 3 } }])]))).toEqual([])
  })

  it.each<[title: string, impression: object]>([
    ['a native slot without a request', { native: {} }],
    ['an empty native request', { native: { request: '' } }],
    ['a size of 0 for an interstitial', { instl: 1, banner: { w: 0, h: 0 } }],
    ['a floor as a text', { banner: { w: 300, h: 250 }, bidfloor: '0.5' }],
    ['sizes as texts', { banner: { format: [{ w: '300', h: '250' }] } }],
    ['a video without media types', { video: { w: 640, h: 480 } }],
    ['nothing', {}],
  ])('%s, which leaves the other impressions their bids', async (_title, impression) => {
    const bids = await bidsFor(request([{ id: 'odd', ...impression }, imp({ id: 'good' })]))
    expect(bids.map(({ impid }) => impid)).toEqual(['good'])
  })

  it.each<[title: string, more: object]>([
    ['a time in fractions of milliseconds', { tmax: 933.3333333333334 }],
    ['a newer taxonomy that blocks nothing', { cattax: 8, bcat: [] }],
    [
      'empty objects as PHP writes them',
      { ext: [], regs: [], user: [], source: [], device: { geo: [], ext: [] } },
    ],
    ['a player size that is no field', { imp: [imp({ video: null, playerSize: [640, 480] })] }],
    ['an app that is null beside a site', { site: { domain: 'www.a.example' }, app: null }],
  ])('%s, which costs no bid', async (_title, more) => {
    expect(await bidsFor({ ...request(), ...more })).toHaveLength(1)
  })
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
