import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { event, startConversions } from '../support/conversions.ts'
import { goOn, stopped } from '../support/harness.ts'
import { environmentOn } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/restarts.ts'

const ENGINES = [
  ['sqlite', 'sqlite', async (): Promise<Record<string, string>> => ({})],
  ['postgres', 'memory', () => environmentOn('PostgreSQL')],
] as const

describe.each(ENGINES)('what bids brought, with %s and decisions in %s', (_, store, environment) => {
  const start = async (more: Record<string, string> = {}) => {
    const harness = await startConversions({ ...(await environment()), STORE: store, ...more })
    const { get, bid, clock, until, post } = harness
    /** Conversions by their ids, each with the bid that it names. */
    const convert = (
      of: Record<string, { bid?: string; value?: number; currency?: string; name?: string }>,
    ) =>
      post(
        Object.entries(of).map(([event_id, { bid: bid_id, value, currency = 'USD', name = 'purchase' }]) => ({
          ...{ event_id, event_name: name, event_time: clock.nowMs(), ...(bid_id && { bid_id }) },
          custom_data: { currency, ...(value !== undefined && { value }) },
        })),
      )
    /** The answer once every conversion that can be joined is, looking as far ahead as fake time went. */
    const roas = async (query = '') => {
      const path = '/v1/roas?from=2026-11-20T12:00:00Z&to=2026-11-21T12:00:00Z'
      await until(path, ({ unjoined }) => unjoined.notJoinedYet === 0)
      return (await get(`${path}${query}`)).body
    }
    return {
      ...harness,
      convert,
      roas,
      async bidId(fields: Record<string, unknown>) {
        clock.advance(1)
        return (await bid(fields)).body.bidId as string
      },
    }
  }

  it('adds up spend and value by platform, campaign and source, and says what belongs to no bid', async () => {
    const { convert, roas, bidId, get, clock } = await start()
    const a = await bidId({ bidAmount: 100 })
    const b = await bidId({ bidAmount: 50, campaignId: 'c2' })
    const fallback = await bidId({ predictedLtv: undefined, bidAmount: 25 })
    const onMeta = await bidId({ platform: 'meta', bidAmount: 40 })
    const dry = await bidId({ dryRun: true, bidAmount: 1 })
    await convert({
      ...{ a1: { bid: a, value: 300 }, a2: { bid: a, value: 0.5 }, b1: { bid: b, value: 25 } },
      ...{ f1: { bid: fallback, value: 5 }, m1: { bid: onMeta, value: 60, currency: 'EUR' } },
      ...{ m2: { bid: onMeta, name: 'lead' }, cart: { bid: a, value: 999, name: 'add_to_cart' } },
      ...{ x1: { value: 7 }, x2: { bid: 'nowhere', value: 7 }, x3: { bid: dry, value: 7 } },
    })
    // A database that processes share leaves ten minutes to those that may know the bid.
    if (store === 'memory') {
      await goOn()
      clock.stepWall(660_000)
    }
    const byPlatform = await roas()
    expect(byPlatform.rows).toMatchObject([
      {
        platform: 'google_ads',
        ...{ bids: 3, conversions: 4, spend: { USD: 175 }, value: { USD: 330.5 } },
        ratio: expect.closeTo(330.5 / 175, 12),
        caveats: [],
        bySource: {
          ai: { bids: 2, spend: { USD: 150 }, value: { USD: 325.5 }, ratio: 2.17 },
          fallback: { bids: 1, spend: { USD: 25 }, value: { USD: 5 }, ratio: 0.2 },
        },
      },
      {
        ...{ platform: 'meta', bids: 1, conversions: 1, spend: { USD: 40 }, value: { EUR: 60 }, ratio: null },
        caveats: [{ code: 'currencies_differ', detail: 'spend and value are in EUR, USD' }],
      },
    ])
    expect(byPlatform.total).toMatchObject({ bids: 4, spend: { USD: 215 }, value: { EUR: 60, USD: 330.5 } })
    expect(byPlatform.unjoined).toEqual({ withoutBid: 1, unknownBid: 1, bidWithoutSpend: 1, notJoinedYet: 0 })
    expect(byPlatform.caveats).toMatchObject([{ code: 'exchange_bids_left_out' }])
    const bySource = await roas('&by=source')
    expect(bySource.rows).toMatchObject([
      { source: 'ai', bids: 3, ratio: null },
      { source: 'fallback', bids: 1, ratio: 0.2 },
    ])
    const leads = await roas('&event_names=lead')
    expect(leads.rows[1]).toMatchObject({ conversions: 1, caveats: [{ code: 'conversions_without_value' }] })
    const carts = await roas('&event_names=purchase,add_to_cart')
    expect(carts.rows[0]).toMatchObject({ conversions: 5, value: { USD: 1_329.5 } })

    const pages = []
    for (let after = ''; ; ) {
      const page = await roas(`&by=campaign&limit=2${after}`)
      pages.push(page.rows.map(({ campaignId, spend }: Record<string, unknown>) => [campaignId, spend]))
      if (page.nextAfter === null) break
      after = `&after=${page.nextAfter}`
    }
    expect(pages).toEqual([
      [
        ['c1', { USD: 125 }],
        ['c2', { USD: 50 }],
      ],
      [['c1', { USD: 40 }]],
    ])
    const { from, to } = (await get('/v1/roas?days=2')).body
    expect(Date.parse(to) - Date.parse(from)).toBe(2 * 86_400_000)
    for (const wrong of ['from=2026-11-20', 'from=2030-01-01T00:00:00Z', 'days=0', 'event_names=', 'by=day'])
      expect((await get(`/v1/roas?${wrong}`)).status).toBe(400)
  })

  it('counts a conversion at the time of its bid, and has no figure for what is not kept', async () => {
    const { convert, bidId, get, clock, until } = await start()
    const a = await bidId({ bidAmount: 100 })
    clock.advance(60_000)
    await convert({ a1: { bid: a, value: 30 } })
    await until('/v1/roas', ({ total }) => total.conversions === 1)
    const of = async (span: string) => (await get(`/v1/roas?${span}`)).body.total
    expect(await of('from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:30Z')).toMatchObject({ ratio: 0.3 })
    const later = await of('from=2026-11-20T12:00:30Z&to=2026-11-20T14:00:00Z')
    expect(later).toMatchObject({ bids: 0, conversions: 0, ratio: null, caveats: [{ code: 'no_spend' }] })
    // Decisions in memory are those of this start alone.
    const before = await of('from=2026-11-20T10:00:00Z&to=2026-11-20T14:00:00Z')
    if (store === 'memory')
      expect(before).toMatchObject({ spend: null, ratio: null, caveats: [{ code: 'decisions_not_kept' }] })
    else expect(before).toMatchObject({ spend: { USD: 100 }, ratio: 0.3 })
    const old = await of('from=2026-09-20T12:00:00Z&to=2026-11-20T14:00:00Z')
    expect(old).toMatchObject({ value: null, ratio: null })
    expect(old.caveats.map(({ code }: { code: string }) => code)).toContain('conversions_forgotten')
  })

  it('joins no conversion to a bid of another organisation', async () => {
    const keys = ['op:admin', 'seven@7:admin'].map(
      (key) => `${key}:${hashKey(key.split(/[@:]/)[0] ?? '').toString('hex')}`,
    )
    const { send, get, clock } = await start({ API_KEYS: keys.join(',') })
    const as = (name: string) => ({ authorization: `Bearer ${name}` })
    const bid = { customerId: 'c', campaignId: 'c1', platform: 'google_ads', predictedLtv: 10, bidAmount: 10 }
    const { body } = await send('POST', '/v1/bids', bid, as('op'))
    const posted = event({ bid_id: body.bidId, event_time: clock.nowMs() })
    const accepted = await send('POST', '/api/v1/conversions/events', { events: [posted] }, as('seven'))
    expect(accepted.body.results).toMatchObject([{ status: 'accepted' }])
    const path = '/v1/roas?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z'
    const isJoined = async () => {
      const answer = await get(path, as('seven'))
      return answer.body.unjoined.notJoinedYet === 0 && answer.body
    }
    let shown = await isJoined()
    for (let turn = 0; turn < 200 && !shown; turn++) {
      await goOn()
      clock.advance(10_000)
      shown = await isJoined()
    }
    expect(shown).toMatchObject({ rows: [], unjoined: { unknownBid: 1 }, total: { bids: 0, conversions: 0 } })
    expect((await get(path, as('op'))).body).toMatchObject({ total: { bids: 1, conversions: 0 } })
  })
})

it('feeds the history of lifetime values where that is configured, also after a restart', async () => {
  const environment = { CONVERSION_LTV_FEED: 'predicted_ltv', DATA_DIR: temporaryDirectory() }
  const first = await startConversions(environment)
  const { bid, post, until } = first
  const medianOf = async ({ get }: Pick<typeof first, 'get'>) =>
    (await get('/v1/platforms')).body.platforms.map(({ medianLtv, ltvSamples }: Record<string, unknown>) => [
      medianLtv,
      ltvSamples,
    ])[0]
  const { body } = await bid({ predictedLtv: 100, bidAmount: 1 })
  expect(await medianOf(first)).toEqual([100, 1])
  const worth = (predicted_ltv: number, currency = 'USD') => ({ value: 1, currency, predicted_ltv })
  await post([
    { event_id: 'a', bid_id: body.bidId, custom_data: worth(300) },
    { event_id: 'b', bid_id: body.bidId, custom_data: worth(500) },
    { event_id: 'c', bid_id: body.bidId, custom_data: worth(9_000, 'EUR') },
  ])
  await until('/v1/roas', ({ total }) => total.conversions === 3)
  expect(await medianOf(first)).toEqual([300, 3])
  await stopped(first.service, first.clock)
  // What was predicted is gone with the process; what was learnt is not.
  expect(await medianOf(await startConversions(environment))).toEqual([400, 2])
})

it('estimates how well platforms can find people, by day', async () => {
  const { post, get, ended, clock } = await startConversions()
  await post([
    { event_id: 'a' },
    { event_id: 'b', user_data: { email: 'b@x.example', phone: '+16505551212', client_user_agent: 'M' } },
  ])
  await post([{ event_id: 'a' }])
  const { match_quality: plain } = await ended('a')
  const { match_quality: rich } = await ended('b')
  expect(rich).toBeGreaterThan(plain)
  clock.stepWall(86_400_000)
  await post([{ event_id: 'c', event_time: '2026-11-21T11:00:00Z' }])
  await ended('c')
  const { body } = await get('/api/v1/conversions/match-quality?days=2&platform=meta')
  expect(body).toEqual({
    is_estimate: true,
    days: [
      { date: '2026-11-20', platform: 'meta', events: 2, match_quality: (plain + rich) / 2 },
      { date: '2026-11-21', platform: 'meta', events: 1, match_quality: plain },
    ],
  })
  expect((await get('/api/v1/conversions/match-quality?days=1')).body.days).toHaveLength(1)
})
