import { describe, expect, it } from 'vitest'
import {
  bannerCreative,
  bannerRequest,
  campaignSpec,
  createBidder,
  videoCreative,
} from '../../../../test/support/bidder.ts'
import { CampaignSpec, limitsOf } from './index.ts'

const good = {
  seat: 'acme',
  advertiserDomain: 'Shop.Example.com',
  price: { cpmPerLtv: 0.05, maxCpm: 50 },
  creatives: [bannerCreative()],
}

/** The first field that is wrong, as an answer names it. */
function wrong(more: object): string | undefined {
  const result = CampaignSpec.safeParse({ ...good, ...more })
  if (result.success) return undefined
  const [issue] = result.error.issues
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue?.path
  return path?.map(String).join('.')
}

describe('campaign', () => {
  it('needs little to be complete', () => {
    expect(CampaignSpec.parse(good)).toMatchObject({
      status: 'active',
      advertiserDomain: 'shop.example.com',
      price: { minCpm: 0, maxCpm: 50_000_000 },
      targeting: { countries: [], deals: [], domains: { allow: [], deny: [] } },
      categoryTaxonomy: 1,
      roadblock: false,
    })
  })

  it.each<[field: string, more: object]>([
    ['seat', { seat: 'a b' }],
    ['status', { status: 'on' }],
    ['advertiserDomain', { advertiserDomain: 'nodot' }],
    ['price', { price: undefined }],
    ['price.maxCpm', { price: { cpmPerLtv: 1, maxCpm: -1 } }],
    ['price.maxCpm', { price: { cpmPerLtv: 1, maxCpm: 1.0000001 } }],
    ['price.maxCpm', { price: { cpmPerLtv: 1, maxCpm: 1_000_001 } }],
    ['price.minCpm', { price: { cpmPerLtv: 1, minCpm: 3, maxCpm: 2 } }],
    ['price.cpmPerLtv', { price: { cpmPerLtv: -1, maxCpm: 2 } }],
    ['limits.0.max', { limits: [{ kind: 'day', max: 'a lot' }] }],
    ['limits.0.timezone', { limits: [{ kind: 'day', timezone: 'Mars/Olympus', max: 1 }] }],
    ['limits.0.kind', { limits: [{ kind: 'weekly', max: 1 }] }],
    ['limits.0.windowSeconds', { limits: [{ kind: 'sliding', windowSeconds: 5, max: 1 }] }],
    ['targeting.countries.0', { targeting: { countries: ['US'] } }],
    ['targeting.domains.deny.0', { targeting: { domains: { deny: ['x'] } } }],
    ['targeting.bundle', { targeting: { bundle: [] } }],
    ['activeHours.timezone', { activeHours: { timezone: 'CET+1h' } }],
    ['activeHours.days.0', { activeHours: { timezone: 'UTC', days: [8] } }],
    ['activeHours.to', { activeHours: { timezone: 'UTC', from: 3, to: 3 } }],
    ['creatives', { creatives: [] }],
    ['creatives.0.type', { creatives: [{ ...bannerCreative(), type: 'popup' }] }],
    ['creatives.0.sizes.0.w', { creatives: [bannerCreative({ sizes: [{ w: 0, h: 1 }] })] }],
    ['creatives.0.markup', { creatives: [bannerCreative({ markup: '' })] }],
    ['creatives.0.vast', { creatives: [videoCreative({ vast: 'hello' })] }],
    ['creatives.0.vast', { creatives: [videoCreative({ vast: undefined })] }],
    ['creatives.0.vast', { creatives: [videoCreative({ vastUrl: 'https://a.example/v' })] }],
    ['creatives.0.vastUrl', { creatives: [videoCreative({ vast: undefined, vastUrl: 'javascript:1' })] }],
    ['creatives.0.durationSeconds', { creatives: [videoCreative({ durationSeconds: 0 })] }],
    ['creatives.1.mimes', { creatives: [bannerCreative(), videoCreative({ mimes: [] })] }],
    ['roadblock', { roadblock: true, targeting: { deals: ['d'] } }],
    ['colour', { colour: 'red' }],
  ])('is refused naming %s: %j', (field, more) => {
    expect(wrong(more)).toBe(field)
  })

  it('gives its limits the way the shield counts them', () => {
    const limits = [
      { kind: 'sliding' as const, max: 10 },
      { kind: 'day' as const, timezone: 'Asia/Tokyo', max: 2.5 },
      { kind: 'lifetime' as const, max: 1 },
    ]
    expect(limitsOf(campaignSpec({ limits }))).toEqual([
      { kind: 'sliding', windowMs: 600_000, max: 10_000_000 },
      { kind: 'day', timezone: 'Asia/Tokyo', max: 2_500_000 },
      { kind: 'lifetime', max: 1_000_000 },
    ])
  })

  it('is secure when nothing in its markup loads over plain HTTP', () => {
    const secure = (creative: object) => {
      const { bid } = createBidder({ campaigns: { c: { creatives: [videoCreative(creative)] } } })
      return (
        bid(bannerRequest({ secure: 1, banner: undefined, video: { mimes: ['video/mp4'] } })) !== undefined
      )
    }
    expect(secure({ vast: '<VAST xmlns:xs="http://www.w3.org/2001/XMLSchema"></VAST>' })).toBe(true)
    expect(secure({ vast: '<VAST><MediaFile>HTTP://cdn.example/a.mp4</MediaFile></VAST>' })).toBe(false)
    expect(secure({ vast: undefined, vastUrl: 'http://ads.example/tag' })).toBe(false)
  })
})

describe('stored campaigns', () => {
  it('are found at once, replaced at once and gone at once', () => {
    const { put, campaigns, bid } = createBidder({ campaigns: {} })
    expect(bid(bannerRequest())).toBeUndefined()
    put('c1')
    expect(bid(bannerRequest())?.price).toBe(5)
    put('c1', { price: { cpmPerLtv: 0, minCpm: 7, maxCpm: 7 } })
    expect(bid(bannerRequest())?.price).toBe(7)
    put('c1', { creatives: [bannerCreative({ sizes: [{ w: 1, h: 1 }] })] })
    expect(bid(bannerRequest())).toBeUndefined()
    put('c1', { targeting: { deals: ['d'] } })
    expect(bid(bannerRequest({ pmp: { deals: [{ id: 'd' }] } }))).toBeDefined()
    expect([...campaigns.all].map(({ id }) => id)).toEqual(['c1'])
    expect([campaigns.remove('c1'), campaigns.remove('c1'), campaigns.size]).toEqual([true, false, 0])
    expect(campaigns.seat('acme')).toBeUndefined()
    expect(bid(bannerRequest({ pmp: { deals: [{ id: 'd' }] } }))).toBeUndefined()
  })

  it('of one seat are not found for another', () => {
    const { bid } = createBidder({ campaigns: { c1: { seat: 'other' } } })
    expect(bid(bannerRequest())).toBeUndefined()
  })

  it('are found by each of their sizes and countries, and by none that is not theirs', () => {
    const { put, bids } = createBidder({ campaigns: {} })
    const sizes = [300, 320, 728].map((w) => ({ w, h: 50 }))
    const countries = ['USA', 'DEU', 'FRA']
    for (let i = 0; i < 60; i++) {
      put(`c${i}`, {
        advertiserDomain: `a${i}.com`,
        price: { cpmPerLtv: 0, minCpm: (100 + i) / 100, maxCpm: 9 },
        targeting: { countries: countries.slice(i % 3, (i % 3) + (i % 2) * 2) },
        creatives: [bannerCreative({ sizes: sizes.slice(i % 3) })],
      })
    }
    for (const [at, size] of sizes.entries()) {
      for (const [place, country] of [...countries, 'JPN'].entries()) {
        const fits = Array.from({ length: 60 }, (_, i) => i).filter(
          (i) => i % 3 <= at && (i % 2 === 0 || (place >= i % 3 && place < Math.min(3, (i % 3) + 2))),
        )
        const [bid] = bids(bannerRequest({ banner: size }, { device: { geo: { country } } }))
        expect(bid?.['cid']).toBe(`c${fits.at(-1)}`)
      }
    }
  })
})
