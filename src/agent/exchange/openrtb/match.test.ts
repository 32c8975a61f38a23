import { describe, expect, it } from 'vitest'
import {
  bannerCreative,
  bannerRequest,
  type CampaignInput,
  createBidder,
} from '../../../../test/support/bidder.ts'

/** Why a lone campaign does not bid; empty when it does. */
const why = (campaign: CampaignInput, request: object): string[] =>
  createBidder({ campaigns: { c1: campaign } }).reasons(request)

const only: CampaignInput = { targeting: { rewarded: 'only' } }
const whole: CampaignInput = { targeting: { completeSupplyChain: true } }
const withCreative = (more: object): CampaignInput => ({ creatives: [bannerCreative(more)] })

describe('campaign', () => {
  it.each<[string, CampaignInput, imp: object, more: object, reason: string | undefined]>([
    ['seat allowed', {}, {}, { wseat: ['x', 'acme'] }, undefined],
    ['seat not among the allowed', {}, {}, { wseat: ['x'] }, 'seat_not_allowed'],
    ['seat blocked', {}, {}, { bseat: ['acme'] }, 'seat_not_allowed'],
    ['another seat blocked', {}, {}, { bseat: ['x'] }, undefined],
    ['seat allowed and blocked at once', {}, {}, { wseat: ['acme'], bseat: ['acme'] }, 'seat_not_allowed'],
    ['empty lists restrict nothing', {}, {}, { wseat: [], wlang: [], acat: [], bcat: [] }, undefined],

    ['advertiser blocked', {}, {}, { badv: ['shop.example.com'] }, 'advertiser_blocked'],
    ['domain above the advertiser blocked', {}, {}, { badv: ['a.com', 'EXAMPLE.com'] }, 'advertiser_blocked'],
    ['domain below the advertiser blocked', {}, {}, { badv: ['de.shop.example.com'] }, undefined],
    ['name that only ends alike blocked', {}, {}, { badv: ['ample.com', 'p.example.com'] }, undefined],
    ['advertiser in a long list', {}, {}, { badv: [...numbered(600), 'Example.COM'] }, 'advertiser_blocked'],
    ['advertiser not in a long list', {}, {}, { badv: numbered(600) }, undefined],

    ['category blocked', {}, {}, { bcat: ['IAB1', 'IAB22-2'] }, 'category_blocked'],
    ['category blocked in another way to write it', {}, {}, { bcat: [' iab22-2 '] }, 'category_blocked'],
    ['category above blocked', {}, {}, { bcat: ['IAB22'] }, 'category_blocked'],
    ['category beside blocked', {}, {}, { bcat: ['IAB22-20', 'IAB2'] }, undefined],
    ['category of another taxonomy blocked', {}, {}, { bcat: ['1'], cattax: 7 }, 'category_taxonomy'],
    ['taxonomy without a list', {}, {}, { cattax: 7 }, undefined],
    ['campaign without categories', { categories: [] }, {}, { bcat: ['IAB22'], cattax: 7 }, undefined],
    ['category allowed', {}, {}, { acat: ['IAB22'] }, undefined],
    [
      'one of two categories allowed',
      { categories: ['IAB1', 'IAB22'] },
      {},
      { acat: ['IAB22'] },
      'category_blocked',
    ],
    ['no category that could be allowed', { categories: [] }, {}, { acat: ['IAB22'] }, 'category_blocked'],
    ['allowed and blocked at once', {}, {}, { acat: ['IAB22'], bcat: ['IAB22-2'] }, 'category_blocked'],

    ['advertised app blocked', { appBundle: 'com.game' }, {}, { bapp: ['com.game'] }, 'app_blocked'],
    ['another app blocked', { appBundle: 'com.game' }, {}, { bapp: ['com.gam', 'com.game.two'] }, undefined],

    ['language taken', withCreative({ language: 'en' }), {}, { wlang: ['de', 'en'] }, undefined],
    ['language not taken', withCreative({ language: 'en' }), {}, { wlang: ['de'] }, 'language'],
    ['language not declared', {}, {}, { wlang: ['en'] }, 'language'],
    ['region of a taken language', withCreative({ language: 'en-GB' }), {}, { wlangb: ['EN'] }, undefined],
    [
      'language of which only a region is taken',
      withCreative({ language: 'en' }),
      {},
      { wlangb: ['en-GB'] },
      'language',
    ],
    [
      'both lists, one of them violated',
      withCreative({ language: 'en' }),
      {},
      { wlang: ['en'], wlangb: ['de'] },
      'language',
    ],

    ['secure markup', {}, { secure: 1 }, {}, undefined],
    [
      'insecure markup',
      withCreative({ markup: '<img src="http://x.example/1">' }),
      { secure: 1 },
      {},
      'not_secure',
    ],
    [
      'insecure markup where it may be',
      withCreative({ markup: '<img src="http://x.example/1">' }),
      {},
      {},
      undefined,
    ],
    ['markup said to be insecure', withCreative({ secure: false }), { secure: 1 }, {}, 'not_secure'],

    ['size not asked for', {}, { banner: { w: 250, h: 300 } }, {}, 'no_campaign'],
    ['banner without a size', {}, { banner: {} }, {}, 'no_campaign'],
    ['media type taken', {}, { banner: { w: 300, h: 250, mimes: ['text/html'] } }, {}, undefined],
    ['media type in capitals', {}, { banner: { w: 300, h: 250, mimes: ['TEXT/HTML'] } }, {}, undefined],
    ['media type not taken', {}, { banner: { w: 300, h: 250, mimes: ['image/png'] } }, {}, 'mime'],
    ['attribute blocked', withCreative({ attributes: [3, 8] }), battr(8), {}, 'attribute_blocked'],
    ['other attribute blocked', withCreative({ attributes: [3] }), battr(8), {}, undefined],
    [
      'banner type blocked',
      withCreative({ bannerType: 3 }),
      { banner: { w: 300, h: 250, btype: [1, 3] } },
      {},
      'banner_type_blocked',
    ],
    ['framework not there', withCreative({ apis: [5] }), {}, {}, 'api'],
    [
      'framework there',
      withCreative({ apis: [5] }),
      { banner: { w: 300, h: 250, api: [3, 5] } },
      {},
      undefined,
    ],

    ['country targeted', { targeting: { countries: ['DEU', 'USA'] } }, {}, {}, undefined],
    ['country not targeted', { targeting: { countries: ['DEU'] } }, {}, {}, 'no_campaign'],
    [
      'country in small letters',
      { targeting: { countries: ['USA'] } },
      {},
      { device: { geo: { country: 'usa' } } },
      undefined,
    ],
    ['country not known', { targeting: { countries: ['USA'] } }, {}, { device: {} }, 'no_campaign'],
    ['device type targeted', { targeting: { deviceTypes: [2] } }, {}, {}, undefined],
    ['device type not targeted', { targeting: { deviceTypes: [4] } }, {}, {}, 'device_type'],

    ['rewarded wanted', only, { rwdd: 1 }, {}, undefined],
    ['rewarded wanted, of 2.5', only, { ext: { rwdd: 1 } }, {}, undefined],
    ['rewarded wanted, one place says not', only, { rwdd: 0, ext: { rwdd: 1 } }, {}, undefined],
    ['rewarded wanted, not said', only, {}, {}, 'rewarded'],
    ['rewarded wanted, said oddly', only, { rwdd: 'yes', ext: { rwdd: [1] } }, {}, 'rewarded'],
    ['rewarded not wanted', { targeting: { rewarded: 'none' } }, { ext: { rwdd: 1 } }, {}, 'rewarded'],
    ['rewarded not wanted, not said', { targeting: { rewarded: 'none' } }, { rwdd: 0 }, {}, undefined],
    ['whole chain', whole, {}, { source: { schain: { complete: 1 } } }, undefined],
    ['whole chain, of 2.5', whole, {}, { source: { ext: { schain: { complete: 1 } } } }, undefined],
    [
      'chain whole in one place only',
      whole,
      {},
      { source: { schain: { complete: 1 }, ext: { schain: { complete: 0 } } } },
      'supply_chain',
    ],
    ['chain in part', whole, {}, { source: { schain: { complete: 0 } } }, 'supply_chain'],
    ['no chain', whole, {}, {}, 'supply_chain'],
    ['a chain that is none', whole, {}, { source: { schain: 'x' } }, 'supply_chain'],
    ['a chain that nobody looks at', {}, {}, { source: { schain: 'x' } }, undefined],
    ['placement of a banner', { targeting: { placements: [1] } }, {}, {}, undefined],

    ['domain allowed', { targeting: { domains: { allow: ['example.org'] } } }, {}, {}, undefined],
    ['domain not allowed', { targeting: { domains: { allow: ['other.org'] } } }, {}, {}, 'domain'],
    [
      'domain denied, written as an address',
      { targeting: { domains: { deny: ['example.org'] } } },
      {},
      { site: { domain: 'https://www.example.org./' } },
      'domain',
    ],
    ['domain denied', { targeting: { domains: { deny: ['example.org'] } } }, {}, {}, 'domain'],
    ['domain allowed, part of it denied', both(), {}, {}, 'domain'],
    [
      'domain only in the page',
      { targeting: { domains: { allow: ['b.org'] } } },
      {},
      { site: { page: 'https://a.b.org/x' } },
      undefined,
    ],
    [
      'denied domain only in the page',
      { targeting: { domains: { deny: ['b.org'] } } },
      {},
      { site: { page: 'https://a.B.org/x' } },
      'domain',
    ],
    [
      'site without a domain, some denied',
      { targeting: { domains: { deny: ['b.org'] } } },
      {},
      { site: {} },
      'domain',
    ],
    [
      'page that is no address',
      { targeting: { domains: { allow: ['b.org'] } } },
      {},
      { site: { page: '::' } },
      'domain',
    ],
    [
      'app, while sites are listed',
      { targeting: { domains: { allow: ['b.org'] } } },
      {},
      app('com.a'),
      'domain',
    ],
    ['app allowed', { targeting: { bundles: { allow: ['com.a'] } } }, {}, app('com.a'), undefined],
    ['app not allowed', { targeting: { bundles: { allow: ['com.a'] } } }, {}, app('com.b'), 'bundle'],
    ['site, while apps are listed', { targeting: { bundles: { allow: ['com.a'] } } }, {}, {}, 'bundle'],
    [
      'app or site, both listed',
      { targeting: { bundles: { allow: ['com.a'] }, domains: { allow: ['b.org'] } } },
      {},
      app('com.a'),
      undefined,
    ],
    ['app denied', { targeting: { bundles: { deny: ['com.a'] } } }, {}, app('com.a'), 'bundle'],
    ['app without a name, some denied', { targeting: { bundles: { deny: ['com.a'] } } }, {}, app(), 'bundle'],
    ['site, while apps are denied', { targeting: { bundles: { deny: ['com.a'] } } }, {}, {}, undefined],

    ['paused', { status: 'paused' }, {}, {}, 'no_campaign'],
  ])('%s', (_title, campaign, imp, more, reason) => {
    expect(why(campaign, bannerRequest(imp, more))).toEqual(reason === undefined ? [] : [reason])
  })

  it.each(['b.org', 'www.b.org/x', '//a.b.org/x', 'B.org:8080/x', 'https://user@b.org./'])(
    'bids where it may on the page %s, which publishers write so',
    (page) => {
      const onPage = (targeting: object) =>
        createBidder({ campaigns: { c: { targeting } } }).reasons(bannerRequest({}, { site: { page } }))
      expect(onPage({ domains: { allow: ['b.org'] } })).toEqual([])
      expect(onPage({ domains: { deny: ['b.org'] } })).toEqual(['domain'])
    },
  )

  it('bids in its hours of its time zone only', () => {
    // The fake clock starts on Friday 2026-11-20, 12:00 UTC: 13:00 in Berlin, 21:00 in Tokyo.
    const inHours = (activeHours: NonNullable<CampaignInput['activeHours']>) =>
      why({ activeHours }, bannerRequest()).length === 0
    expect(inHours({ timezone: 'Europe/Berlin', from: 13, to: 14 })).toBe(true)
    expect(inHours({ timezone: 'Europe/Berlin', from: 14, to: 13 })).toBe(false)
    expect(inHours({ timezone: 'UTC', from: 13, to: 14 })).toBe(false)
    expect(inHours({ timezone: 'UTC', days: [5] })).toBe(true)
    expect(inHours({ timezone: 'UTC', days: [6, 7] })).toBe(false)
    expect(inHours({ timezone: 'Asia/Tokyo', days: [5], from: 20, to: 2 })).toBe(true)
    expect(inHours({ timezone: 'Asia/Kolkata', from: 17, to: 18 })).toBe(true)
  })

  it('stops and starts on the hour, and after midnight still belongs to the day before', () => {
    const { clock, reasons } = createBidder({
      campaigns: { c1: { activeHours: { timezone: 'UTC', days: [5], from: 22, to: 2 } } },
    })
    const bidsAtHours: number[] = []
    for (let hour = 12; hour < 12 + 24 * 8; hour++) {
      if (reasons(bannerRequest()).length === 0) bidsAtHours.push(hour)
      clock.advance(3_600_000)
    }
    expect(bidsAtHours).toEqual([22, 23, 24, 25, 190, 191, 192, 193])
  })

  it('tells the reason of the offer that came closest', () => {
    const { reasons } = createBidder({
      campaigns: {
        a: { targeting: { deviceTypes: [9] } },
        b: { advertiserDomain: 'blocked.com' },
        c: withCreative({ apis: [1] }),
      },
    })
    expect(reasons(bannerRequest({}, { badv: ['blocked.com'] }))).toEqual(['advertiser_blocked'])
  })
})

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `blocked-${i}.com`)
}

function battr(attribute: number): object {
  return { banner: { w: 300, h: 250, battr: [attribute] } }
}

function app(bundle?: string): object {
  return { site: undefined, app: { bundle } }
}

function both(): CampaignInput {
  return { targeting: { domains: { allow: ['example.org'], deny: ['news.example.org'] } } }
}
