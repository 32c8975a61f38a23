import { CampaignSpec } from './openrtb/index.ts'

/** The most common banner sizes. */
const SIZES = ['300x250', '320x50', '728x90', '160x600', '300x600', '970x250']

const common = {
  seat: 'example',
  advertiserDomain: 'advertiser.example',
  categories: ['IAB22'],
  price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
}

const vast = (seconds: number) =>
  `<VAST version="3.0"><Ad id="1"><InLine><AdSystem>Bidwarden</AdSystem><AdTitle>Example</AdTitle><Impression><![CDATA[\${BIDWARDEN_BILLING_URL}]]></Impression><Creatives><Creative><Linear><Duration>00:00:${seconds}</Duration><MediaFiles><MediaFile delivery="progressive" type="video/mp4" width="1280" height="720"><![CDATA[https://cdn.advertiser.example/spot.mp4]]></MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>`

/** Campaigns that mock mode creates at its seat `example`: common banners, a video and a native ad. */
export function exampleCampaigns(): [id: string, spec: CampaignSpec][] {
  const banners = SIZES.map((size): [string, unknown] => {
    const [w = 0, h = 0] = size.split('x').map(Number)
    const markup = `<a href="https://advertiser.example/"><img src="https://cdn.advertiser.example/${size}.png" width="${w}" height="${h}" alt="Example"></a>`
    return [
      `example-${size}`,
      { ...common, creatives: [{ id: size, type: 'banner', sizes: [{ w, h }], markup }] },
    ]
  })
  const video = { id: 'video', type: 'video', vast: vast(30), durationSeconds: 30, mimes: ['video/mp4'] }
  const native = {
    id: 'native',
    type: 'native',
    title: 'An example worth a click',
    link: 'https://advertiser.example/',
    images: [
      { type: 3, url: 'https://cdn.advertiser.example/wide.png', w: 1200, h: 627 },
      { type: 1, url: 'https://cdn.advertiser.example/icon.png', w: 80, h: 80 },
    ],
    data: [
      { type: 1, value: 'Example' },
      { type: 2, value: 'Everything an example should be.' },
    ],
  }
  const others: [string, unknown][] = [
    ['example-video', { ...common, creatives: [video] }],
    ['example-native', { ...common, creatives: [native] }],
  ]
  return [...banners, ...others].map(([id, spec]) => [id, CampaignSpec.parse(spec)])
}
