import { describe, expect, it } from 'vitest'
import {
  bannerRequest,
  type CampaignInput,
  createBidder,
  videoCreative,
  videoRequest,
} from '../../../../test/support/bidder.ts'
import { micros } from '../../../money.ts'

const video = (more: object = {}, campaign: CampaignInput = {}): CampaignInput => ({
  creatives: [videoCreative(more)],
  ...campaign,
})
const priced = (cpm: number, seconds: number, advertiserDomain: string): CampaignInput => ({
  advertiserDomain,
  price: { cpmPerLtv: 0, minCpm: cpm, maxCpm: cpm },
  creatives: [videoCreative({ id: advertiserDomain, durationSeconds: seconds })],
})

describe('video', () => {
  it('is answered with the document, its protocol, size and length', () => {
    const { bid, held } = createBidder({ campaigns: { v: video({ w: 640, h: 360 }) } })
    expect(bid(videoRequest())).toMatchObject({
      adm: '<VAST version="3.0"><Ad><InLine></InLine></Ad></VAST>',
      protocol: 3,
      mtype: 2,
      dur: 30,
      w: 640,
      h: 360,
      crid: 'cr-video',
    })
    expect(bid(videoRequest(), '2.5')).not.toHaveProperty('dur')
    expect(held()).toBe(10_000)
  })

  it('is answered with a wrapper around an address, whose impression is the billing notice', () => {
    const vastUrl = 'https://ads.example/tag?a=1&b=2'
    const { bid } = createBidder({ campaigns: { v: video({ id: 'a&"b"', vast: undefined, vastUrl }) } })
    const made = bid(videoRequest())
    expect(made?.adm).toBe(
      '<VAST version="3.0"><Ad id="a&amp;&quot;b&quot;"><Wrapper><AdSystem>Bidwarden</AdSystem>' +
        `<VASTAdTagURI><![CDATA[${vastUrl}]]></VASTAdTagURI>` +
        `<Impression><![CDATA[${made?.burl}]]></Impression></Wrapper></Ad></VAST>`,
    )
    expect(made).toMatchObject({ protocol: 6 })
  })

  it('has its protocol from the document unless it is said', () => {
    const protocol = (more: object) =>
      createBidder({ campaigns: { v: video(more) } }).bid(videoRequest())?.['protocol']
    expect(protocol({ vast: '<VAST version="4.2"></VAST>' })).toBe(13)
    expect(protocol({ vast: '<?xml version="1.0"?><VAST xmlns="x" version="2.0"><Wrapper/></VAST>' })).toBe(5)
    expect(protocol({ vast: '<DAAST version="1.0"></DAAST>' })).toBe(9)
    expect(protocol({ vast: '<VAST version="4.2"></VAST>', protocol: 7 })).toBe(7)
  })

  it.each<[string, creative: object, slot: object, reason: string | undefined]>([
    ['media type', {}, { mimes: ['video/webm'] }, 'mime'],
    ['no media type at all', {}, { mimes: [] }, 'mime'],
    ['one of its media types', { mimes: ['video/webm', 'video/mp4'] }, {}, undefined],
    ['protocol', {}, { protocols: [7, 8] }, 'protocol'],
    ['taken protocol', {}, { protocols: [2, 3] }, undefined],
    ['too long', {}, { maxduration: 29 }, 'duration'],
    ['too short', {}, { minduration: 31 }, 'duration'],
    ['just right', {}, { minduration: 30, maxduration: 30 }, undefined],
    ['not of an exact length', {}, { rqddurs: [15, 60] }, 'duration'],
    ['of any length, where the longest is 0', {}, { minduration: 0, maxduration: 0 }, undefined],
    ['of any length, where the exact lengths are 0', {}, { rqddurs: [0] }, undefined],
    ['of any length, where the pod has 0 seconds', {}, { poddur: 0 }, undefined],
    ['of any linearity, where 0 is asked for', {}, { linearity: 0 }, undefined],
    ['of an exact length', {}, { rqddurs: [15, 30] }, undefined],
    ['overlay wanted', {}, { linearity: 2 }, 'linearity'],
    ['blocked attribute', { attributes: [16] }, { battr: [16] }, 'attribute_blocked'],
    ['framework', { apis: [2] }, { api: [7] }, 'api'],
  ])('is held against the slot: %s', (_title, creative, slot, reason) => {
    const { reasons } = createBidder({ campaigns: { v: video(creative) } })
    expect(reasons(videoRequest(slot))).toEqual(reason === undefined ? [] : [reason])
  })

  it('has a floor by second or by length before that of the imp', () => {
    const reasons = (slot: object, imp: object) =>
      createBidder({ campaigns: { v: priced(6, 30, 'a.com') } }).reasons(videoRequest(slot, imp))
    expect(reasons({ mincpmpersec: 0.2 }, { bidfloor: 50 })).toEqual([])
    expect(reasons({ mincpmpersec: 0.21 }, { bidfloor: 1 })).toEqual(['below_floor'])
    const durfloors = [
      { mindur: 1, maxdur: 15, bidfloor: 4 },
      { mindur: 16, maxdur: 30, bidfloor: 6 },
      { mindur: 31, bidfloor: 1 },
    ]
    expect(reasons({ durfloors }, { bidfloor: 50 })).toEqual([])
    expect(reasons({ durfloors: durfloors.map((floor) => ({ ...floor, bidfloor: 7 })) }, {})).toEqual([
      'below_floor',
    ])
    expect(reasons({ durfloors: durfloors.slice(0, 1) }, { bidfloor: 7 })).toEqual(['below_floor'])
    expect(reasons({ mincpmpersec: 9 }, { pmp: { deals: [{ id: 'other' }] } })).toEqual(['below_floor'])
  })

  it('has the floor of the deal, by second too, for a deal', () => {
    const campaign = { ...priced(6, 30, 'a.com'), targeting: { deals: ['d'] } }
    const bids = (deal: object) =>
      createBidder({ campaigns: { campaign } }).bids(
        videoRequest({ mincpmpersec: 9 }, { pmp: { deals: [{ id: 'd', ...deal }] } }),
      )
    expect(bids({ bidfloor: 6 })).toHaveLength(1)
    expect(bids({ mincpmpersec: 0.2 })).toHaveLength(1)
    expect(bids({ mincpmpersec: 0.21 })).toHaveLength(0)
  })
})

describe('placement', () => {
  it.each<[slot: object, reason: string | undefined]>([
    [{ plcmt: 1 }, undefined],
    [{ ext: { plcmt: 1 } }, undefined],
    [{ plcmt: 1, ext: { plcmt: 1 } }, undefined],
    [{ plcmt: 1, ext: { plcmt: 2 } }, 'placement'],
    [{ plcmt: 3 }, 'placement'],
    [{ plcmt: '1' }, 'placement'],
    [{ ext: 'x' }, 'placement'],
    [{}, 'placement'],
  ])('of a video slot with %j, where two are wanted: %s', (slot, reason) => {
    const { reasons } = createBidder({ campaigns: { v: video({}, { targeting: { placements: [1, 2] } }) } })
    expect(reasons(videoRequest(slot))).toEqual(reason === undefined ? [] : [reason])
  })
})

describe('audio', () => {
  it('is answered like video, as its own type', () => {
    const { bid, reasons } = createBidder({
      campaigns: { a: { creatives: [videoCreative({ type: 'audio', mimes: ['audio/mp4'] })] } },
    })
    const audio = (slot: object) =>
      bannerRequest({ banner: undefined, audio: { mimes: ['audio/mp4'], ...slot } })
    expect(bid(audio({}))).toMatchObject({ mtype: 3, protocol: 3, dur: 30 })
    expect(reasons(audio({ maxduration: 15 }))).toEqual(['duration'])
    expect(reasons(videoRequest())).toEqual(['no_campaign'])
  })
})

describe('dynamic pod', () => {
  const campaigns = {
    a: priced(10, 30, 'a.com'),
    b: priced(9, 15, 'b.com'),
    c: priced(8, 15, 'c.com'),
    d: priced(2, 15, 'd.com'),
  }
  const cids = (bids: readonly { readonly [member: string]: unknown }[]) => bids.map(({ cid }) => cid)

  it('gets several bids, the dearest second first, each with its own hold', () => {
    const { bids, held } = createBidder({ campaigns })
    const made = bids(videoRequest({ poddur: 60, maxseq: 3 }))
    expect(cids(made)).toEqual(['b', 'c', 'a'])
    expect(new Set(made.map(({ impid }) => impid))).toEqual(new Set(['imp-1']))
    expect(held()).toBe(27_000)
  })

  it('is never filled beyond its length or its number of ads', () => {
    expect(cids(createBidder({ campaigns }).bids(videoRequest({ poddur: 59 })))).toEqual(['b', 'c', 'd'])
    expect(cids(createBidder({ campaigns }).bids(videoRequest({ poddur: 300, maxseq: 1 })))).toEqual(['b'])
    expect(createBidder({ campaigns }).reasons(videoRequest({ poddur: 14 }))).toEqual(['duration'])
  })

  it('has no advertiser twice, in this imp or in another of the pod', () => {
    const twice = { ...campaigns, a: priced(10, 30, 'b.com') }
    const { bids } = createBidder({ campaigns: twice })
    expect(cids(bids(videoRequest({ poddur: 300 })))).toEqual(['b', 'c', 'd'])
    const slot = (id: string, more: object) => ({ id, video: { mimes: ['video/mp4'], podid: 'p', ...more } })
    const pod = bannerRequest({}, { imp: [slot('1', {}), slot('2', { poddur: 300 }), slot('3', {})] })
    expect(bids(pod).map(({ impid, cid }) => [impid, cid])).toEqual([
      ['1', 'a'],
      ['2', 'c'],
      ['2', 'd'],
    ])
  })

  it('is not bid for in another format as well', () => {
    const { bids } = createBidder({ campaigns: { ...campaigns, banner: {} } })
    const either = videoRequest({ poddur: 60, maxseq: 1 }, { banner: { w: 300, h: 250 } })
    expect(cids(bids(either))).toEqual(['b'])
    expect(cids(bids(videoRequest({ poddur: 5 }, { banner: { w: 300, h: 250 } })))).toEqual(['banner'])
  })

  it('stops where the money stops', () => {
    const { bids, held } = createBidder({
      campaigns,
      globalLimits: [{ kind: 'lifetime', max: micros(18_000) }],
    })
    expect(cids(bids(videoRequest({ poddur: 300 })))).toEqual(['b', 'c'])
    expect(held()).toBe(17_000)
  })

  it('gets bids at or above its price of a second only', () => {
    const { bids } = createBidder({ campaigns })
    expect(cids(bids(videoRequest({ poddur: 300, mincpmpersec: 0.5 })))).toEqual(['b', 'c'])
  })

  it('settles each of its bids alone', () => {
    const { bids, held, spent, notify } = createBidder({ campaigns })
    const [first, second] = bids(videoRequest({ poddur: 60, maxseq: 3 }))
    if (!first || !second) throw new Error('no bids')
    notify('billing', first, { price: '4.5' })
    notify('loss', second)
    expect([held(), spent()]).toEqual([14_500, 4500])
  })
})
