import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bannerRequest } from '../../../../test/support/bidder.ts'
import { pathsOf, replaced } from '../../../../test/support/json-paths.ts'
import { isRefusal, type OpenRtbRequest, readBidRequest } from './index.ts'

/** The request read, or the field for which it, all of its impressions or its first bad one get no bid. */
function read(body: unknown): OpenRtbRequest | string {
  const result = readBidRequest(body)
  return isRefusal(result) ? result.refused : (result.badField ?? result.badImps[0]?.field ?? result)
}

const bodyOf = (imps: object[]) => ({ id: 'r', imp: imps })

const readImp = (imp: object) => {
  const result = read(bannerRequest(imp))
  return typeof result === 'string' ? result : result.imps[0]
}

describe('bid request', () => {
  it('is refused when a required field is missing, given twice or excluded by another', () => {
    for (const body of [null, undefined, 1, 'x', [], [bannerRequest()], true]) expect(read(body)).toBe('body')
    expect(read(bannerRequest({}, { id: undefined }))).toBe('id')
    expect(read(bannerRequest({}, { id: '' }))).toBe('id')
    expect(read(bannerRequest({}, { id: 7 }))).toBe('id')
    for (const imp of [undefined, null, [], {}, 'imp']) expect(read(bannerRequest({}, { imp }))).toBe('imp')
    expect(read(bannerRequest({}, { imp: [null] }))).toBe('imp')
    expect(read(bannerRequest({ id: undefined }))).toBe('imp.id')
    expect(read(bannerRequest({}, { imp: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] }))).toBe('imp.id')
    expect(read(bannerRequest({}, { app: {} }))).toBe('site, app, dooh')
    expect(read(bannerRequest({}, { dooh: {} }))).toBe('site, app, dooh')
    expect(read(bannerRequest({}, { site: undefined, app: {}, dooh: {} }))).toBe('site, app, dooh')
  })

  it.each<[field: string, more: object]>([
    ['site', { site: 'news' }],
    ['domain', { site: { domain: 1 } }],
    ['site.page', { site: { page: {} } }],
    ['app', { site: undefined, app: [1] }],
    ['app.bundle', { site: undefined, app: { bundle: 5 } }],
    ['device', { device: 'phone' }],
    ['device.geo', { device: { geo: 1 } }],
    ['device.geo.country', { device: { geo: { country: 840 } } }],
    ['device.devicetype', { device: { devicetype: '2' } }],
    ['cur', { cur: 'USD' }],
    ['cur', { cur: [1] }],
    ['wseat', { wseat: [1] }],
    ['bseat', { bseat: 'a' }],
    ['wlang', { wlang: [null] }],
    ['wlangb', { wlangb: {} }],
    ['acat', { acat: [[]] }],
    ['bcat', { bcat: 'IAB1' }],
    ['cattax', { cattax: '1' }],
    ['badv', { badv: [{}] }],
    ['bapp', { bapp: 0 }],
    ['allimps', { allimps: 'all' }],
    ['test', { test: 'yes' }],
    ['tmax', { tmax: '100' }],
    ['ext.bidwarden', { ext: { bidwarden: 5 } }],
    ['ext.bidwarden.predictedLtv', { ext: { bidwarden: { predictedLtv: -1 } } }],
    ['ext.bidwarden.confidence', { ext: { bidwarden: { confidence: 1.01 } } }],
  ])('gets no bid for any impression for a wrong %s: %j', (field, more) => {
    expect(read(bannerRequest({}, more))).toBe(field)
  })

  it.each<[field: string, imp: object]>([
    ['imp.banner', { banner: 1 }],
    ['imp.banner.w', { banner: { w: '300' } }],
    ['imp.banner.format', { banner: { format: {} } }],
    [
      'imp.banner.format.h',
      {
        banner: {
          format: [
            { w: 1, h: null },
            { w: 1, h: '1' },
          ],
        },
      },
    ],
    ['imp.banner.battr', { banner: { battr: ['1'] } }],
    ['imp.video', { video: [1] }],
    ['imp.video.mimes', { video: [] }],
    ['imp.video.mimes', { video: {} }],
    ['imp.video.mimes', { audio: { mimes: 'audio/mp4' } }],
    ['imp.video.maxduration', { video: { mimes: [], maxduration: '30' } }],
    ['imp.native', { native: 'x' }],
    ['imp.native.request', { native: {} }],
    ['bidfloor', { bidfloor: '1' }],
    ['bidfloorcur', { bidfloorcur: 1 }],
    ['imp.secure', { secure: 'yes' }],
    ['imp.qty.multiplier', { qty: {} }],
    ['imp.qty.multiplier', { qty: { multiplier: 0 } }],
    ['imp.pmp', { pmp: 'x' }],
    ['imp.pmp.deals', { pmp: { deals: [1] } }],
    ['imp.pmp.deals.id', { pmp: { deals: [{}] } }],
    ['imp.pmp.deals.wseat', { pmp: { deals: [{ id: 'd', wseat: [1] }] } }],
    ['ext.bidwarden.predictedLtv', { ext: { bidwarden: { predictedLtv: '12' } } }],
  ])('gets no bid for the impression alone for a wrong %s: %j', (field, imp) => {
    expect(readBidRequest(bodyOf([{ id: 'bad', ...imp }, { id: 'good' }]))).toMatchObject({
      badField: undefined,
      badImps: [{ impId: 'bad', field }],
      imps: [{ id: 'good' }],
    })
  })

  it.each([
    { user: 'u' },
    { user: { id: 1.5 } },
    { user: { id: {}, eids: {} } },
    { user: { id: 'u' }, regs: { coppa: 'yes' } },
    { user: { id: 'u' }, regs: { us_privacy: 1 } },
  ])('does not know a user of whom anything cannot be read, and goes on: %j', (more) => {
    expect(read(bannerRequest({}, more))).toMatchObject({
      userId: undefined,
      eids: [],
      imps: [{ id: 'imp-1' }],
    })
  })

  it('names an impression without an id by its place', () => {
    expect(readBidRequest(bodyOf([{ id: 'a' }, {}, { id: '' }, { id: 7 }, { id: 'a' }]))).toMatchObject({
      imps: [{ id: 'a' }],
      badImps: [
        { impId: 'imp[1]', field: 'imp.id' },
        { impId: 'imp[2]', field: 'imp.id' },
        { impId: 'imp[3]', field: 'imp.id' },
        { impId: 'a', field: 'imp.id' },
      ],
    })
  })

  it('accepts the variants that exchanges write', () => {
    expect(read(bannerRequest({}, { tmax: 0 }))).toMatchObject({ tmaxMs: undefined })
    const badv = [
      'https://www.Shop.example/',
      ' shop.example ',
      'shop.example/path',
      'WWW.shop.example',
      'shop.example',
      '//shop.example',
      'shop.example.',
      '*.shop.example',
      '.shop.example',
      'shop.example:443/?a=b',
    ]
    expect(read(bannerRequest({}, { badv }))).toMatchObject({
      blockedDomains: badv.map(() => 'shop.example'),
    })
    for (const domain of ['News.example', 'https://news.example/', 'news.example.', 'news.example:443'])
      expect(read(bannerRequest({}, { site: { domain } }))).toMatchObject({ domain: 'news.example' })
    expect(read(bannerRequest({}, { site: { domain: '' } }))).toMatchObject({ domain: undefined })
    const deal = { id: 'd', wadomain: ['https://www.Shop.example/'] }
    expect(readImp({ pmp: { deals: [deal] } })).toMatchObject({
      deals: [{ allowedDomains: ['shop.example'] }],
    })
    for (const cur of [['eur'], [' EUR '], ['', 'eur'], ['EUR', 'eur']])
      expect(read(bannerRequest({}, { cur }))).toMatchObject({ currencies: ['EUR'] })
    expect(read(bannerRequest({}, { cur: [''] }))).toMatchObject({ currencies: ['USD'] })
    expect(readImp({ bidfloorcur: '' })).toMatchObject({ floor: { currency: 'USD' } })
    expect(readImp({ bidfloorcur: 'eur' })).toMatchObject({ floor: { currency: 'EUR' } })
    expect(readImp({ video: { mimes: [], protocol: [1, 2] } })).toMatchObject({
      video: { protocols: [1, 2] },
    })
    expect(readImp({ video: { mimes: [], podid: 7, protocol: 3 } })).toMatchObject({
      video: { podId: '7', protocols: [3] },
    })
  })

  it('joins the ids of both places, and takes the stricter of two signals', () => {
    const eid = (source: string) => ({ source, uids: [{ id: 'x' }] })
    const user = (eids: object[], older: object[]) => ({ user: { eids, ext: { eids: older } } })
    expect(read(bannerRequest({}, user([eid('a')], [eid('b')])))).toMatchObject({
      eids: [{ source: 'a' }, { source: 'b' }],
    })
    expect(read(bannerRequest({}, user([], [eid('b')])))).toMatchObject({ eids: [{ source: 'b' }] })
    const dsa = (dsarequired: number, older: number) =>
      read(bannerRequest({}, { regs: { dsa: { dsarequired }, ext: { dsa: { dsarequired: older } } } }))
    expect(dsa(0, 1)).toMatchObject({ dsa: { required: 1 } })
    expect(dsa(0, 2)).toMatchObject({ dsa: { required: 2 } })
    expect(dsa(3, 0)).toMatchObject({ dsa: { required: 3 } })
  })

  it('refuses numbers that are valid JSON but mean nothing', () => {
    expect(read(JSON.parse('{"id":"r","imp":[{"id":"i","bidfloor":1e999}]}'))).toBe('bidfloor')
  })

  it('takes null for absent, and passes fields and enum values it does not know', () => {
    const nulls = {
      site: null,
      device: null,
      user: null,
      cur: null,
      badv: null,
      test: null,
      tmax: null,
      ext: null,
    }
    expect(read(bannerRequest({ video: null, pmp: null, qty: null, bidfloor: null }, nulls))).toMatchObject({
      currencies: ['USD'],
      test: false,
      tmaxMs: undefined,
    })
    const unknown = {
      ext: 'x',
      at: 777,
      test: 9,
      newField: { deep: [1] },
      device: { devicetype: 999 },
      cattax: 600,
    }
    expect(read(bannerRequest({ instl: 5, newField: 1, secure: 3 }, unknown))).toMatchObject({
      test: false,
      deviceType: 999,
      imps: [{ secure: false }],
    })
  })

  it('has the defaults of the specification', () => {
    expect(read({ id: 'r', imp: [{ id: 'i' }] })).toMatchObject({
      currencies: ['USD'],
      taxonomy: 1,
      test: false,
      allImps: false,
      imps: [
        {
          floor: { cpm: 0, currency: 'USD' },
          secure: false,
          multiplier: 1,
          deals: [],
          privateAuction: false,
        },
      ],
    })
    expect(read(bannerRequest({ bidfloorcur: 'EUR', pmp: { deals: [{ id: 'd' }] } }))).toMatchObject({
      imps: [{ floor: { currency: 'EUR' }, deals: [{ floor: { currency: 'USD', cpm: 0 } }] }],
    })
  })

  it('takes sizes from format, from w and h only without it, and none that no banner has', () => {
    const sizes = (banner: object) => {
      const imp = readImp({ banner })
      return typeof imp === 'object' ? imp.banner?.sizes.map((key) => [key >> 16, key & 0xffff]) : imp
    }
    expect(
      sizes({
        format: [
          { w: 300, h: 250 },
          { w: 300, h: 600 },
        ],
        w: 1,
        h: 1,
      }),
    ).toEqual([
      [300, 250],
      [300, 600],
    ])
    expect(sizes({ w: 320, h: 50, format: [] })).toEqual([[320, 50]])
    expect(
      sizes({
        format: [
          { wratio: 16, hratio: 9 },
          { w: 1.5, h: 2 },
          { w: -1, h: 2 },
          { w: 65_536, h: 1 },
        ],
      }),
    ).toEqual([])
  })

  it('keeps the ids of a user that can be read', () => {
    const good = { source: 'id.example', uids: [{ id: 'x' }] }
    const found = [{ source: 'id.example', id: 'x' }]
    const user = (more: object) => read(bannerRequest({}, { user: { id: 7, ...more }, device: { ifa: 'i' } }))
    expect(user({ buyeruid: [], eids: [good] })).toMatchObject({
      ...{ userId: '7', buyerUid: undefined, ifa: 'i', eids: found },
    })
    for (const eids of [
      {},
      { a: 1 },
      'x',
      [],
      1,
      [7],
      [{ source: 1, uids: [{ id: 'y' }] }],
      [{ source: 'a', uids: {} }],
    ]) {
      expect(user({ eids, ext: { eids: [good] } }), JSON.stringify(eids)).toMatchObject({ eids: found })
      expect(user({ eids: [good], ext: { eids } }), JSON.stringify(eids)).toMatchObject({ eids: found })
    }
    for (const ext of [[], 'x', 1, true]) expect(user({ eids: [good], ext })).toMatchObject({ eids: found })
    const uids = [{ id: '' }, { id: 12 }, { id: 1.5 }, { id: 1e21 }, { id: null }, 'y', { id: 'x' }]
    expect(user({ eids: [7, { source: 'id.example', uids }, {}] })).toMatchObject({
      eids: [{ source: 'id.example', id: '12' }, ...found],
    })
    expect(read(bannerRequest({}, { user: { id: 'u' }, device: { ifa: false } }))).toMatchObject({
      ...{ userId: 'u', ifa: undefined },
    })
  })

  it('hears flags also as texts and booleans', () => {
    for (const secure of [true, '1', 1]) expect(readImp({ secure })).toMatchObject({ secure: true })
    for (const secure of [false, '0', 0, '']) expect(readImp({ secure })).toMatchObject({ secure: false })
    for (const test of [true, '1']) expect(read(bannerRequest({}, { test }))).toMatchObject({ test: true })
    const pmp = { private_auction: '1', deals: [] }
    expect(readImp({ pmp, ext: { rwdd: '1' } })).toMatchObject({ privateAuction: true, rewarded: true })
    const regs = { dsa: { dsarequired: '3', pubrender: '0' } }
    expect(read(bannerRequest({}, { regs }))).toMatchObject({ dsa: { required: 3, adMustRender: true } })
  })

  it('does not let an empty object hide the other place of a signal', () => {
    const source = { schain: {}, ext: { schain: { complete: 1 } } }
    expect(read(bannerRequest({}, { source }))).toMatchObject({ hasWholeChain: true })
    const regs = { dsa: {}, ext: { dsa: { dsarequired: 2 } } }
    expect(read(bannerRequest({}, { regs }))).toMatchObject({ dsa: { required: 2 } })
  })

  it('finds ids of the user in 2.6 and in 2.5 places', () => {
    const eids = [
      { source: 'id.example', uids: [{ id: 'x' }, { id: 'y' }, {}] },
      { uids: [{ id: 'no source' }] },
    ]
    const found = [
      { source: 'id.example', id: 'x' },
      { source: 'id.example', id: 'y' },
    ]
    expect(read(bannerRequest({}, { user: { eids } }))).toMatchObject({ eids: found })
    expect(read(bannerRequest({}, { user: { ext: { eids } } }))).toMatchObject({ eids: found })
  })

  it('never throws, whatever JSON it is given', () => {
    const keys = fc.constantFrom(
      ...[
        'id',
        'imp',
        'banner',
        'video',
        'native',
        'request',
        'format',
        'w',
        'h',
        'pmp',
        'deals',
        'site',
        'app',
      ],
      ...[
        'device',
        'geo',
        'user',
        'eids',
        'uids',
        'ext',
        'bidwarden',
        'cur',
        'bidfloor',
        'mimes',
        'qty',
        'durfloors',
      ],
      ...['__proto__', 'constructor', 'toString', 'length'],
    )
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 6, withCrossShrink: true },
        fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.integer(), fc.string(), fc.constant('a')),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(keys, tie('json'), { maxKeys: 6 }),
      ),
    }))
    fc.assert(
      fc.property(json, (body) => void readBidRequest(body)),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.jsonValue(), (body) => void readBidRequest(body)),
      { numRuns: 1000 },
    )
  })

  it('never throws when one value anywhere in a good request is replaced by any other JSON', () => {
    const good = {
      ...bannerRequest({
        bidfloor: 1,
        secure: 1,
        qty: { multiplier: 2 },
        video: { mimes: ['video/mp4'], durfloors: [{ mindur: 1, bidfloor: 2 }], rqddurs: [15] },
        native: {
          request: {
            assets: [
              { id: 1, title: { len: 20 } },
              { id: 2, img: { type: 3 } },
            ],
          },
        },
        pmp: { private_auction: 1, deals: [{ id: 'd', bidfloor: 1, wseat: ['a'] }] },
      }),
      user: { id: 'u', eids: [{ source: 's', uids: [{ id: 'i' }] }] },
      badv: ['a.com'],
      ext: { bidwarden: { predictedLtv: 1 } },
    }
    const paths = pathsOf(good)
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const result = readBidRequest(replaced(good, path, value))
        expect(isRefusal(result) || result.imps.length + result.badImps.length > 0).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
})
