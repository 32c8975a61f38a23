import { describe, expect, it } from 'vitest'
import { sharedHarness, startHarness } from '../support/harness.ts'

/** For tests that are refused, or look only at what they made. */
const shared = sharedHarness()

const GOOGLE = '/v1/budgets/platform:google_ads'
const sliding = (max: number, windowSeconds = 600) => ({ kind: 'sliding', windowSeconds, max })

describe('budgets over HTTP', () => {
  it('shows every scope with its limits', async () => {
    const { get, bid } = await startHarness()
    await bid()
    const { budgets } = (await get('/v1/budgets')).body
    const names = budgets.map(({ scope }: { scope: string }) => scope)
    const platforms = [
      'platform:google_ads',
      'platform:meta',
      'platform:tradedesk',
      'platform:dv360',
      'platform:openrtb',
      'global',
    ]
    expect(names.slice(0, 6)).toEqual(platforms)
    expect(names.slice(6).every((name: string) => name.startsWith('campaign:openrtb:example-'))).toBe(true)
    expect((await get(GOOGLE)).body).toEqual({
      scope: 'platform:google_ads',
      currency: 'USD',
      revision: expect.stringMatching(/^[\w-]{16}$/),
      paused: false,
      overdraft: 0,
      elsewhere: 0,
      holdMode: { is: 'strict' },
      holds: { mode: 'strict', held: 0, prices: 0, worstCase: 1, allowance: 0 },
      limits: [
        {
          kind: 'sliding',
          windowSeconds: 600,
          max: 500,
          spent: 100,
          held: 0,
          remaining: 400,
          utilization: 0.2,
          nextReliefMs: 601_000,
        },
      ],
    })
  })

  it('says what still bounds a scope whose limits were all removed', async () => {
    const { send } = await startHarness()
    const warningOf = async (scope: string, limits: object[] = []) =>
      (await send('PUT', `/v1/budgets/${scope}`, { limits })).body.warning
    expect(await warningOf('campaign:meta:c1')).toBe(
      'campaign:meta:c1 has no limit now: what is spent on it is bounded only by platform:meta',
    )
    expect(await warningOf('global', [sliding(900)])).toBeUndefined()
    expect(await warningOf('platform:meta')).toBe(
      'platform:meta has no limit now: what is spent on it is bounded only by global',
    )
    expect(await warningOf('global')).toBe(
      'global has no limit now, and nothing else bounds all that is spent on it',
    )
  })

  it('puts nobody else’s change back: what was seen before it raises nothing, and lowers all the same', async () => {
    const { get, send } = await startHarness()
    const revision = async () => (await get(GOOGLE)).body.revision
    const set = (limits: object[], more: object = {}) => send('PUT', GOOGLE, { limits, ...more })
    const seen = await revision()
    expect((await set([sliding(400)], { revision: seen })).status).toBe(200)
    const lowered = await revision()
    expect(lowered).not.toBe(seen)
    for (const [limits, more] of [
      [[sliding(450)], {}],
      [[sliding(300, 60)], {}],
      [[sliding(400)], { holdMode: { is: 'bounded', maxOverspendProbability: 1e-6 } }],
    ] as const)
      expect(await set([...limits], { revision: seen, ...more })).toMatchObject({
        status: 409,
        body: { code: 'changed_meanwhile', field: 'revision' },
      })
    expect(await revision()).toBe(lowered)
    // What only lowers is never held up.
    expect((await set([sliding(300), sliding(50, 60)], { revision: seen })).status).toBe(200)
    expect((await set([sliding(500)], { revision: await revision() })).body.revision).toBe(seen)
    expect((await set([sliding(600)])).status).toBe(200)
  })

  it('lowers a limit below what is spent at once, and what is spent stays spent', async () => {
    const { bid, send, get } = await startHarness()
    await bid({ bidAmount: 300 })
    const lowered = await send('PUT', GOOGLE, { limits: [sliding(200)] })
    expect(lowered.body.limits[0]).toMatchObject({ max: 200, spent: 300, remaining: 0, utilization: 1.5 })
    expect((await bid({ bidAmount: 1 })).status).toBe(429)
    await send('PUT', GOOGLE, { limits: [sliding(400), { kind: 'lifetime', max: 301 }] })
    expect((await get(GOOGLE)).body.limits).toMatchObject([{ spent: 300 }, { kind: 'lifetime', spent: 300 }])
    expect((await bid({ bidAmount: 2 })).status).toBe(429)
    expect((await bid({ bidAmount: 1 })).status).toBe(200)
  })

  it('makes a bid pay for all its scopes or for none', async () => {
    const { bid, send, service } = await startHarness()
    await send('PUT', '/v1/budgets/global', { limits: [sliding(150)] })
    await send('PUT', '/v1/budgets/campaign:google_ads:c1', {
      limits: [{ kind: 'day', timezone: 'Europe/Berlin', max: 50 }],
    })
    expect(await bid({ bidAmount: 60 })).toMatchObject({
      status: 429,
      body: { scope: 'campaign:google_ads:c1' },
    })
    expect(service.agent.budget.scope('global')).toMatchObject({ held: 0, spent: 0 })
    expect((await bid({ bidAmount: 50 })).status).toBe(200)
    expect((await bid({ campaignId: 'c2', bidAmount: 100 })).status).toBe(200)
    expect(await bid({ platform: 'meta', bidAmount: 1 })).toMatchObject({
      status: 429,
      body: { scope: 'global' },
    })
  })

  it('bounds the holds of exchanges and their campaigns, and of no other scope, unless an operator says otherwise', async () => {
    const { send, get, service } = await startHarness()
    const bounded = (maxOverspendProbability: number) => ({ is: 'bounded', maxOverspendProbability })
    const strict = { is: 'strict' }
    const modes = async () => {
      const { budgets } = (await get('/v1/budgets')).body
      return new Map(budgets.map((one: { scope: string; holdMode: object }) => [one.scope, one.holdMode]))
    }
    for (const [scope, holdMode] of await modes()) {
      expect([scope, holdMode]).toEqual([scope, /openrtb/.test(`${scope}`) ? bounded(1e-6) : strict])
    }
    for (const scope of ['platform:openrtb', 'campaign:openrtb:example-300x250', 'platform:meta']) {
      const path = `/v1/budgets/${scope}`
      const byDefault = scope === 'platform:meta' ? strict : bounded(1e-6)
      for (const holdMode of [bounded(0.001), undefined, strict]) {
        const { body } = await send('PUT', path, { limits: [sliding(200)], holdMode })
        expect(body.holdMode).toEqual(holdMode ?? byDefault)
        expect((await get(path)).body.holdMode).toEqual(holdMode ?? byDefault)
      }
    }
    const { body } = await get('/v1/campaigns/example-300x250')
    const { id: _, ...campaign } = body.campaign ?? body
    expect((await send('PUT', '/v1/campaigns/example-300x250', campaign)).status).toBe(200)
    expect((await modes()).get('campaign:openrtb:example-300x250')).toEqual(strict)
    const metrics = await (await fetch(`${service.url}/metrics`)).text()
    expect(metrics).toContain('bidwarden_budget_bounded_holds{scope="platform:openrtb"} 0')
  })

  it('holds every open bid at its price where the configuration says 0', async () => {
    const { get } = await startHarness({ OPENRTB_MAX_OVERSPEND_PROBABILITY: '0' })
    const { budgets } = (await get('/v1/budgets')).body
    expect(new Set(budgets.map((one: { holdMode: { is: string } }) => one.holdMode.is))).toEqual(
      new Set(['strict']),
    )
  })

  it('frees a day’s budget at local midnight', async () => {
    const { bid, send, clock } = await startHarness()
    await send('PUT', GOOGLE, { limits: [{ kind: 'day', timezone: 'Australia/Sydney', max: 100 }] })
    await bid({ bidAmount: 100 })
    const refused = await bid({ bidAmount: 1 })
    expect(refused.body.wouldPassAt).toBe('2026-11-20T13:00:00.000Z')
    clock.advance(refused.body.retryAfterMs)
    expect((await bid({ bidAmount: 1 })).status).toBe(200)
  })

  it('refuses bids in another currency than the global limit', async () => {
    const { bid, send } = await startHarness({ META_CURRENCY: 'EUR' })
    await send('PUT', '/v1/budgets/global', { limits: [sliding(150)] })
    expect(await bid({ platform: 'meta' })).toMatchObject({
      status: 422,
      body: { code: 'currency_mismatch' },
    })
  })

  it('pauses and resumes a scope', async () => {
    const { bid, send, get } = await startHarness()
    await send('POST', `${GOOGLE}/pause`, { reason: 'creative under review' })
    expect(await bid()).toMatchObject({ status: 409, body: { code: 'paused', scope: 'platform:google_ads' } })
    expect((await get(GOOGLE)).body).toMatchObject({ paused: true, pauseReason: 'creative under review' })
    expect((await bid({ platform: 'meta' })).status).toBe(200)
    await send('POST', `${GOOGLE}/resume`)
    expect((await bid()).status).toBe(200)
  })

  it('pauses a campaign that has no budget of its own', async () => {
    const { bid, send } = await startHarness()
    expect((await send('POST', '/v1/budgets/campaign:meta:c9/pause')).status).toBe(200)
    expect(await bid({ platform: 'meta', campaignId: 'c9' })).toMatchObject({ status: 409 })
    expect((await bid({ platform: 'meta' })).status).toBe(200)
  })

  it.each(['Asia/Kolkata', 'Europe/Kyiv', 'Etc/UTC', 'US/Pacific', 'America/Nuuk', '+05:30'])(
    'counts the day of %s, in a budget and in a campaign',
    async (timezone) => {
      const { send, bid } = await startHarness()
      const limits = [{ kind: 'day', timezone, max: 50 }]
      expect(await send('PUT', GOOGLE, { limits })).toMatchObject({ status: 200, body: { limits } })
      expect((await bid({ bidAmount: 30 })).status).toBe(200)
      const refused = (await bid({ bidAmount: 30 })).body
      const clockAt = { timeZone: timezone, timeStyle: 'medium' } as const
      // The day ends a moment after midnight.
      const passes = Date.parse(refused.wouldPassAt) - 1
      expect(new Intl.DateTimeFormat('sv-SE', clockAt).format(passes)).toMatch(/^(23:59:59|00:00:0\d)$/)
      const campaign = {
        ...{
          seat: 'example',
          advertiserDomain: 'shop.example',
          price: { cpmPerLtv: 1, minCpm: 1, maxCpm: 2 },
        },
        ...{ limits, activeHours: { timezone } },
        creatives: [{ id: 'a', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b></b>' }],
      }
      expect(await send('PUT', '/v1/campaigns/zoned', campaign)).toMatchObject({
        status: 200,
        body: { limits },
      })
    },
  )

  it.each([
    ['limits.0.max', { limits: [sliding(-1)] }],
    ['limits.0.windowSeconds', { limits: [sliding(1, 0)] }],
    ['limits.0.timezone', { limits: [{ kind: 'day', timezone: 'Mars/Olympus', max: 1 }] }],
    ['limits.0.kind', { limits: [{ kind: 'monthly', max: 1 }] }],
    ['limits', { limits: [sliding(1), sliding(2)] }],
    ['limit', { limits: [], limit: 1 }],
    ['holdMode.is', { limits: [], holdMode: { is: 'loose' } }],
    ['holdMode.maxOverspendProbability', { limits: [], holdMode: { is: 'bounded' } }],
    [
      'holdMode.maxOverspendProbability',
      { limits: [], holdMode: { is: 'bounded', maxOverspendProbability: 0 } },
    ],
    [
      'holdMode.maxOverspendProbability',
      { limits: [], holdMode: { is: 'bounded', maxOverspendProbability: 0.011 } },
    ],
  ])('names %s when it is wrong', async (field, body) => {
    const { send } = await shared()
    expect(await send('PUT', GOOGLE, body)).toMatchObject({ status: 400, body: { field } })
  })

  it.each(['platform:x', 'campaign:meta', 'campaign:x:1', 'campaign:openrtb:1', 'everything'])(
    'knows no scope %s',
    async (scope) => {
      const { send, get } = await shared()
      expect(await send('PUT', `/v1/budgets/${scope}`, { limits: [] })).toMatchObject({
        status: 400,
        body: { field: 'scope' },
      })
      expect((await get(`/v1/budgets/${scope}`)).status).toBe(404)
    },
  )

  it('warns in the log at 80 %, once until it has been below again', async () => {
    const { bid, clock, logged } = await startHarness()
    const alerts = () => logged.filter(({ msg }) => msg === 'budget alert')
    await bid({ bidAmount: 399 })
    clock.advance(1_000)
    expect(alerts()).toEqual([])
    await bid({ bidAmount: 1 })
    clock.advance(5_000)
    expect(alerts()).toMatchObject([{ scope: 'platform:google_ads', utilization: 0.8 }])
    clock.advance(700_000)
    await bid({ bidAmount: 450 })
    clock.advance(1_000)
    expect(alerts()).toHaveLength(2)
  })
})
