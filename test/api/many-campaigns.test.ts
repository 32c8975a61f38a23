import { describe, expect, it } from 'vitest'
import { startHarness } from '../support/harness.ts'

const CAMPAIGN = {
  seat: 'example',
  advertiserDomain: 'shoes.example',
  limits: [{ kind: 'lifetime', max: 1 }],
  price: { cpmPerLtv: 1, minCpm: 500, maxCpm: 500 },
  creatives: [{ id: 'a', type: 'banner', sizes: [{ w: 234, h: 60 }], markup: '<b>shoes</b>' }],
}
const AUCTION = { id: '1', imp: [{ id: '1', banner: { w: 234, h: 60 } }] }

async function withCampaigns(count: number, environment = {}) {
  const harness = await startHarness(environment)
  for (let i = 0; i < count; i++) expect((await put(harness, `m${i}`)).status).toBe(200)
  return harness
}
const put = ({ send }: Awaited<ReturnType<typeof startHarness>>, id: string, more = {}) =>
  send('PUT', `/v1/campaigns/${id}`, { ...CAMPAIGN, ...more })

describe('many campaigns', () => {
  it('are listed with their budgets a page at a time, each once', async () => {
    const { get } = await withCampaigns(25)
    const seen: string[] = []
    let cursor = ''
    for (let pages = 0; pages < 20; pages++) {
      const { body } = await get(`/v1/budgets?limit=7${cursor}`)
      seen.push(...body.budgets.map(({ scope }: { scope: string }) => scope))
      if (body.next === undefined) break
      cursor = `&cursor=${encodeURIComponent(body.next)}`
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((scope) => scope.startsWith('campaign:openrtb:m'))).toHaveLength(25)
    expect(seen).toContain('global')
    expect(await get('/v1/budgets?limit=0')).toMatchObject({ status: 400, body: { field: 'limit' } })
  })

  it('do not make the metrics grow: those that have used most are shown', async () => {
    const harness = await withCampaigns(25, { METRICS_TOP_CAMPAIGNS: '2' })
    const auction = await harness.send('POST', '/openrtb2/example/bid', AUCTION)
    const { cid } = auction.body.seatbid[0].bid[0]
    const { body } = await harness.get('/metrics')
    const shown = new Set(/campaign:openrtb:\w+/g[Symbol.match](body))
    expect(shown.size).toBe(2)
    expect(shown).toContain(`campaign:openrtb:${cid}`)
  })

  it('that are deleted free their budgets, and give nothing back when they are put again', async () => {
    const harness = await withCampaigns(1)
    const { send, get, clock } = harness
    const won = await send('POST', '/openrtb2/example/bid', AUCTION)
    const [bid] = won.body.seatbid[0].bid
    expect((await send('DELETE', '/v1/campaigns/m0')).status).toBe(200)
    expect((await get('/v1/budgets/campaign:openrtb:m0')).status).toBe(404)
    expect((await send('POST', '/openrtb2/example/bid', AUCTION)).status).toBe(204)

    // The bid that was out when its campaign was deleted is billed all the same.
    const burl = new URL(bid.burl.replace(/\$\{\w+\}/g, ''))
    expect((await get(`${burl.pathname}?price=500&cur=USD`)).status).toBe(200)
    expect((await get('/v1/budgets/platform:openrtb')).body.limits[0].spent).toBe(0.5)
    clock.advance(60_000)

    expect((await put(harness, 'm0')).status).toBe(200)
    const [limit] = (await get('/v1/budgets/campaign:openrtb:m0')).body.limits
    expect(limit).toMatchObject({ max: 1, spent: 0.5 })
  })

  it('can be paused however many there are, also one that is not known', async () => {
    const { send } = await startHarness()
    const pause = await send('POST', '/v1/budgets/campaign:google_ads:new/pause', { reason: 'review' })
    expect(pause).toMatchObject({ status: 200, body: { paused: true } })
  })
})
