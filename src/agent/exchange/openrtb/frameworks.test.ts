import { describe, expect, it } from 'vitest'
import {
  bannerCreative,
  bannerRequest,
  createBidder,
  videoCreative,
  videoRequest,
} from '../../../../test/support/bidder.ts'

const FLASH = 'type="application/x-shockwave-flash"'
const plainFile = '<MediaFile type="video/mp4">https://cdn.example/a.mp4</MediaFile>'
const file = (attributes: string) => `<MediaFile ${attributes}>https://cdn.example/a.js</MediaFile>`
const interactive = (attributes: string) =>
  `<InteractiveCreativeFile ${attributes}>https://cdn.example/a.html</InteractiveCreativeFile>`
const linear = (files: string) => `<Linear><MediaFiles>${files}</MediaFiles></Linear>`
const vastOf = (inside: string) =>
  `<VAST version="4.2"><Ad><InLine><Creatives><Creative>${inside}</Creative></Creatives></InLine></Ad></VAST>`
const verified = `${linear(plainFile)}</Creative><Creative><AdVerifications><Verification vendor="v"><JavaScriptResource apiFramework="omid">https://v.example/v.js</JavaScriptResource></Verification></AdVerifications>`

const bidderOf = (vast: string, more: object = {}) =>
  createBidder({ campaigns: { v: { creatives: [videoCreative({ vast, ...more })] } } })

const USES: [title: string, inside: string, supporting: number[][], other: number[][]][] = [
  [
    'VPAID in JavaScript',
    linear(file('type="application/javascript" apiFramework="VPAID"')),
    [[2], [7, 2]],
    [[1]],
  ],
  ['VPAID in Flash', linear(file(`${FLASH} apiFramework="VPAID"`)), [[1], [2]], [[5]]],
  [
    'both',
    linear(file(`${FLASH} apiFramework="VPAID"`) + file('type="text/javascript" apiFramework="VPAID"')),
    [[1], [2]],
    [[7]],
  ],
  ['VPAID in other words', linear(file(`${FLASH} apiframework=" vpaid 2.0"`)), [[2]], [[7]]],
  ['a script that names none', linear(file('type="application/x-javascript"')), [[2]], [[1]]],
  ['an overlay', '<NonLinearAds><NonLinear apiFramework="VPAID"/></NonLinearAds>', [[1], [2]], [[7]]],
  ['a prefixed name', linear('<v:MediaFile xmlns:v="u" apiFramework="VPAID"/>'), [[2]], [[7]]],
  [
    'a second part',
    `${linear(plainFile)}</Creative><Creative>${linear(file('apiFramework="VPAID"'))}`,
    [[2]],
    [[7]],
  ],
  ['SIMID', linear(plainFile + interactive('apiFramework="SIMID"')), [[8], [9]], [[2, 7]]],
  [
    'VPAID of VAST 4.0',
    linear(plainFile + interactive('type="text/javascript" apiFramework="VPAID"')),
    [[2]],
    [[1]],
  ],
  ['OMID', linear(plainFile + interactive('apiFramework="omid"')), [[7]], [[8]]],
  ['MRAID', linear(file('apiFramework="MRAID"')), [[3], [5], [6]], [[4]]],
]

describe('a framework that a VAST document needs', () => {
  it.each(USES)('is a must and is named: %s', (_title, inside, supporting, other) => {
    const { bid, reasons } = bidderOf(vastOf(inside))
    for (const api of [...other, [], undefined]) expect(reasons(videoRequest({ api }))).toEqual(['api'])
    for (const api of supporting) {
      expect(bid(videoRequest({ api }))?.['apis']).toEqual([api.at(-1)])
      expect(bid(videoRequest({ api }), '2.5')?.['api']).toBe(api.at(-1))
    }
  })

  it.each<[title: string, inside: string]>([
    ['a file that any player shows beside it', linear(file('apiFramework="VPAID"') + plainFile)],
    ['names that are no framework', linear('<MediaFile type="video/mp4" apiFramework="none"/>')],
    [
      'an ad beside the video',
      `${linear(plainFile)}<CompanionAds><Companion apiFramework="VPAID"/></CompanionAds>`,
    ],
  ])('is none with %s', (_title, inside) => {
    const bid = bidderOf(vastOf(inside)).bid(videoRequest())
    expect(bid).toBeDefined()
    expect(bid).not.toHaveProperty('apis')
  })

  it('is named but no must where it only measures', () => {
    const { bid } = bidderOf(vastOf(verified))
    expect(bid(videoRequest())).not.toHaveProperty('apis')
    expect(bid(videoRequest({ api: [2, 7] }))).toMatchObject({ apis: [7] })
    const must = bidderOf(vastOf(verified), { apis: [7] })
    expect(must.reasons(videoRequest())).toEqual(['api'])
  })

  it('is the one that the campaign names, where it names one', () => {
    const { bid, reasons } = bidderOf(vastOf(linear(file(`${FLASH} apiFramework="VPAID"`))), { apis: [1] })
    expect(reasons(videoRequest({ api: [2] }))).toEqual(['api'])
    expect(bid(videoRequest({ api: [1, 2] }))).toMatchObject({ apis: [1] })
  })

  it('is named beside another that the campaign names', () => {
    const { bid, reasons } = bidderOf(vastOf(linear(file('apiFramework="VPAID"'))), { apis: [7] })
    expect(reasons(videoRequest({ api: [7] }))).toEqual(['api'])
    expect(bid(videoRequest({ api: [1, 7] }))).toMatchObject({ apis: [7, 1] })
  })
})

describe('a banner that asks for MRAID', () => {
  const markup = '<script src="mraid.js"></script><div id="ad"></div>'
  const { bid, reasons } = createBidder({ campaigns: { b: { creatives: [bannerCreative({ markup })] } } })
  const slot = (api?: number[]) => bannerRequest({ banner: { w: 300, h: 250, api } })

  it('needs a slot with a version of it', () => {
    for (const api of [undefined, [], [2, 7]]) expect(reasons(slot(api))).toEqual(['api'])
    expect(bid(slot([5, 7]))).toMatchObject({ apis: [5] })
    expect(bid(slot([6]), '2.5')).toMatchObject({ api: 6 })
  })
})
