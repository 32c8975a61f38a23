import { SaxesParser } from 'saxes'
import { expect, it } from 'vitest'
import { campaignSpec, createBidder, videoCreative, videoRequest } from '../../../../test/support/bidder.ts'
import { BILLING_URL_MACRO as MACRO } from './macros.ts'

const inline = (inside: string, root = 'version="4.2"') =>
  `<VAST ${root}><Ad><InLine>${inside}</InLine></Ad></VAST>`
const bidderOf = (vast: string, more: object = {}) =>
  createBidder({ campaigns: { v: { creatives: [videoCreative({ vast, ...more })] } } })
const secureReasons = (vast: string) => bidderOf(vast).reasons(videoRequest({}, { secure: 1 }))

it('has its version from the attribute, in either quotes', () => {
  for (const root of ['version="4.2"', "version='4.2'", 'xmlns="http://www.iab.com/VAST" version = "4.2"'])
    expect(bidderOf(inline('', root)).bid(videoRequest())).toMatchObject({ protocol: 13 })
  const single = inline('', "version='4.2'")
  expect(bidderOf(single).reasons(videoRequest({ protocols: [2, 3, 5, 6] }))).toEqual(['protocol'])
  expect(bidderOf(inline('<!-- <Wrapper> -->')).bid(videoRequest())).toMatchObject({ protocol: 13 })
})

it('is read alike with a prefix of its namespace', () => {
  const prefixed =
    '<vast:VAST xmlns:vast="http://www.iab.com/VAST" version="4.2"><vast:Ad><vast:Wrapper>' +
    '<vast:Extensions><vast:Extension src="http://t.example/"/></vast:Extensions></vast:Wrapper></vast:Ad></vast:VAST>'
  expect(bidderOf(prefixed).bid(videoRequest())).toMatchObject({ protocol: 14 })
  expect(secureReasons(prefixed)).toEqual(['not_secure'])
  expect(() => campaignSpec({ creatives: [videoCreative({ vast: '<VAST:x/>' })] })).toThrow(/well-formed/)
})

it.each<[version: string, protocol: number]>([
  ['version="2"', 2],
  ['version="4"', 7],
  ["version=' 4.2 '", 13],
  ['version="2.0.1"', 2],
])('has its version also where that is written as %s', (root, protocol) => {
  expect(bidderOf(inline('', root)).bid(videoRequest())).toMatchObject({ protocol })
})

it.each(['', 'version="5.0"', 'version="x"', 'version="4.10"'])(
  'claims no protocol where its version is none that is known: %s',
  (root) => {
    const { bid, reasons } = bidderOf(inline('', root))
    expect(bid(videoRequest({ protocols: undefined }))).not.toHaveProperty('protocol')
    expect(reasons(videoRequest({ protocols: [3] }))).toEqual(['protocol'])
    const said = bidderOf(inline('', root), { protocol: 3 })
    expect(said.reasons(videoRequest({ protocols: [3] }))).toEqual([])
  },
)

it('loses what stands before its declaration, which no player reads past', () => {
  const vast = `<?xml version="1.0"?>${inline('')}`
  for (const before of ['\uFEFF', '\n ', '\uFEFF\r\n'])
    expect(bidderOf(`${before}${vast}\n`).bid(videoRequest())).toMatchObject({ adm: vast })
})

it('is secure by what a player fetches, in text and CDATA, escaped or not', () => {
  const fine = [
    inline('', 'version="4.2" xmlns="http://www.iab.com/VAST"'),
    inline('<Category authority="http://iabtechlab.com/x">1</Category>'),
    inline('<ClickThrough>http://shop.example/</ClickThrough>'),
    inline('<MediaFile><![CDATA[https://cdn.example/a.mp4]]></MediaFile>'),
  ]
  for (const vast of fine) expect(secureReasons(vast)).toEqual([])
  const plain = [
    inline('<MediaFile><![CDATA[http://cdn.example/a.mp4]]></MediaFile>'),
    inline('<Tracking>http&#58;//t.example/</Tracking>'),
    inline('<AdParameters>{"u":"http:\\/\\/t.example"}</AdParameters>'),
    inline('<Extensions><Extension src="http://t.example/"/></Extensions>'),
  ]
  for (const vast of plain) expect(secureReasons(vast)).toEqual(['not_secure'])
})

it.each([
  '<![CDATA[ht]]><![CDATA[tp://cdn.example/a.mp4]]>',
  'ht<!-- x -->tp://cdn.example/a.mp4',
  'ht<?x?>tp://cdn.example/a.mp4',
  'ht<![CDATA[tp://cdn.example/a.mp4]]>',
  '<![CDATA[http]]>://cdn.example/a.mp4',
])('is not secure where an address is written in pieces: %s', (address) => {
  expect(secureReasons(inline(`<MediaFile>${address}</MediaFile>`))).toEqual(['not_secure'])
})

it('stays as it was and well-formed with the billing address in text, attribute and CDATA', () => {
  const vast = inline(
    `<Impression>${MACRO}</Impression><Impression><![CDATA[${MACRO}]]></Impression>` +
      `<Extensions><Extension u='${MACRO}'/></Extensions><!-- a & b --><E>&#x41;&amp;</E>`,
  )
  const bid = bidderOf(vast).bid(videoRequest())
  const [adm, burl] = [bid?.adm ?? '', bid?.burl ?? '']
  const heard: string[] = []
  const parser = new SaxesParser()
  parser.on('text', (text) => heard.push(text))
  parser.on('cdata', (text) => heard.push(text))
  parser.on('opentag', ({ attributes }) => heard.push(...Object.values(attributes)))
  parser.write(adm).close()
  expect(heard.filter((text) => text === burl)).toHaveLength(3)
  expect(adm.replaceAll(burl.replaceAll('&', '&amp;'), MACRO).replaceAll(burl, MACRO)).toBe(vast)
})

it('is refused where it is no VAST or not well-formed', () => {
  for (const vast of [
    '<VAST>',
    '<VMAP></VMAP>',
    '<VAST><Ad></VAST>',
    '<VAST a=1></VAST>',
    '<VAST>&x;</VAST>',
    'x<VAST/>',
  ])
    expect(() => campaignSpec({ creatives: [videoCreative({ vast })] })).toThrow(/well-formed/)
})

const bannerReasons = (markup: string) => {
  const creative = { id: 'b', type: 'banner' as const, sizes: [{ w: 300, h: 250 }], markup }
  const { reasons } = createBidder({ campaigns: { b: { creatives: [creative] } } })
  return reasons({ id: 'r', imp: [{ id: '1', secure: 1, banner: { w: 300, h: 250 } }] })
}

it.each([
  ...['http:\\/\\/', 'http%3A%2F%2F', 'HTTP://', 'http\\u003a//', 'http:/', 'http:'],
  ...['http:\\\\', 'http:\\', 'http:%5C%5c', 'http:&bsol;&#92;', 'http:\\x5c\\x5C'],
  ...[
    'ht\ttp://',
    'h\r\nttp:\n//',
    'http:/\t/',
    'ht&Tab;tp://',
    'ht&#9;tp&#x0A;://',
    'ht&NewLine;tp:\\\\',
    'ht\\ntp://',
  ],
  ...['&#104;ttp://', '&#x0068ttp&#0058;//', '\\x68ttp:\\u002f/', '\\u{68}ttp://', '%68ttp%3a//', ' http:'],
])('banners that load over %j are not secure', (start) => {
  expect(bannerReasons(`<script src="${start}a.example"></script>`)).toEqual(['not_secure'])
})

it('banners are not secure that load from where only the beginning is the name of a standard', () => {
  expect(bannerReasons('<img src="http://www.w3.org.evil.example/x.png">')).toEqual(['not_secure'])
})

it.each([
  ...['https://a.example', '//a.example', '/http.js', 'https:\\\\a.example', 'ht tp://a.example'],
  ...['https://a.example/http/:', 'https://a.example?http&#x110000;', '&unknown;'],
])('banners that load over %j are secure', (address) => {
  const names =
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">' +
    `<html xmlns="http://www.w3.org/1999/xhtml"><script>document.createElementNS('http://www.w3.org/2000/svg', 'g')</script>`
  const markup = `${names}<script src="${address}">if (location.protocol==="http:") x('http:' + "https:")</script>`
  expect(bannerReasons(markup)).toEqual([])
})
