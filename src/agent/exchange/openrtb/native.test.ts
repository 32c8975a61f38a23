import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bannerRequest, createBidder } from '../../../../test/support/bidder.ts'
import { readNativeAsk } from './native.ts'

const creative = {
  id: 'cr-native',
  type: 'native' as const,
  title: 'Boots "Alpine"',
  link: 'https://shop.example.com/boots',
  images: [
    { type: 1, url: 'https://cdn.example.com/icon.png', w: 80, h: 80, mime: 'image/png' },
    { type: 3, url: 'https://cdn.example.com/main.jpg', w: 1200, h: 627, mime: 'image/jpeg' },
  ],
  data: [{ type: 1, value: 'Example Shop' }],
  impressionTrackers: ['https://px.example.com/1'],
}
const title = { id: 1, required: 1, title: { len: 25 } }
const main = { id: 2, required: 1, img: { type: 3, wmin: 600, hmin: 300, mimes: ['image/jpeg'] } }
const sponsor = { id: 3, data: { type: 1, len: 25 } }

const bidder = () => createBidder({ campaigns: { n: { creatives: [creative] } } })
const nativeRequest = (request: unknown) => bannerRequest({ banner: undefined, native: { request } })
const ask = (assets: object[], more: object = {}) => JSON.stringify({ ver: '1.2', assets, ...more })
const reasons = (...assets: object[]) => bidder().reasons(nativeRequest(ask(assets)))

describe('native', () => {
  it('is answered asset by asset, with the ids and pixels that were asked for', () => {
    const bid = bidder().bid(
      nativeRequest(ask([title, main, sponsor], { eventtrackers: [{ event: 1, methods: [2, 1] }] })),
    )
    expect(bid).toMatchObject({ mtype: 4, crid: 'cr-native' })
    expect(JSON.parse(bid?.adm ?? '')).toEqual({
      ver: '1.2',
      assets: [
        { id: 1, required: 1, title: { text: 'Boots "Alpine"' } },
        { id: 2, required: 1, img: { url: 'https://cdn.example.com/main.jpg', w: 1200, h: 627 } },
        { id: 3, data: { value: 'Example Shop' } },
      ],
      link: { url: 'https://shop.example.com/boots' },
      eventtrackers: [{ event: 1, method: 1, url: 'https://px.example.com/1' }],
    })
  })

  it('is answered in the older form where it was asked in that', () => {
    const bid = bidder().bid(nativeRequest(JSON.stringify({ native: { assets: [title] } })))
    expect(JSON.parse(bid?.adm ?? '')).toMatchObject({
      native: { ver: '1.0', imptrackers: ['https://px.example.com/1'] },
    })
  })

  it.each<[ask: object, ver: string]>([
    [{ ver: '1.2' }, '1.2'],
    [{ ver: '1.1' }, '1.1'],
    [{ ver: '1.0' }, '1.0'],
    [{ ver: 1 }, '1.0'],
    [{}, '1.2'],
    [{ ver: '9' }, '1.2'],
    [{ ver: [] }, '1.2'],
    [{ ver: null }, '1.2'],
  ])('is answered in the version that is asked for: %j', (ask, ver) => {
    const bid = bidder().bid(nativeRequest(JSON.stringify({ ...ask, assets: [title] })))
    expect(JSON.parse(bid?.adm ?? '')).toMatchObject({ ver })
  })

  it('may be asked for as an object', () => {
    expect(bidder().bid(nativeRequest({ assets: [title] }))).toBeDefined()
  })

  it.each<[string, object]>([
    ['title that is too long', { id: 1, title: { len: 10 } }],
    ['image of another type', { id: 1, img: { type: 2 } }],
    ['image that is too small', { id: 1, img: { type: 3, wmin: 1201 } }],
    ['image of another exact size', { id: 1, img: { type: 3, w: 1200, h: 628 } }],
    ['image of another media type', { id: 1, img: { type: 3, mimes: ['image/webp'] } }],
    ['data it does not have', { id: 1, data: { type: 2 } }],
    ['data that is too long', { id: 1, data: { type: 1, len: 3 } }],
    ['video', { id: 1, video: { mimes: ['video/mp4'] } }],
  ])('does without an optional %s, and does not bid where it is required', (_title, asset) => {
    const bid = bidder().bid(nativeRequest(ask([title, { ...asset, id: 7 }])))
    expect(JSON.parse(bid?.adm ?? '').assets.map(({ id }: { id: number }) => id)).toEqual([1])
    expect(reasons(title, { ...asset, id: 7, required: 1 })).toEqual(['native_assets'])
    expect(reasons({ ...asset, id: 7 })).toEqual(['native_assets'])
  })

  it.each<[string, object]>([
    ['length of a title', { title: { len: 0 } }],
    ['length of data', { data: { type: 1, len: -1 } }],
    ['size of an image', { img: { type: 3, w: 0, h: 0 } }],
    ['width of an image beside its height', { img: { type: 3, w: -1, h: 627 } }],
    ['type of an image', { img: { type: 0 } }],
  ])('takes a %s of 0 or less as one that was not said', (_title, asset) => {
    expect(bidder().bid(nativeRequest(ask([{ ...asset, id: 1, required: 1 }])))).toBeDefined()
  })

  it('is not bid for, and not refused, when the request in the string is no native request', () => {
    for (const request of [
      '',
      '{',
      '[]',
      '1',
      'null',
      '{}',
      '{"assets":[]}',
      '{"assets":[{"title":{}}]}',
      '{"assets":7}',
    ]) {
      expect(bidder().reasons(nativeRequest(request))).toEqual(['native_assets'])
    }
  })

  it('never throws over what is in the string', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (request) => void readNativeAsk(request)))
  })
})
