import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { startPlayedReads } from '../support/played-reads.ts'

type Platform = 'META' | 'TTD' | 'GOOGLE_ADS' | 'DV360'
const PLATFORMS = [
  ['META', 'platform:meta', 'PAUSED', 'ACTIVE'],
  ['TTD', 'platform:tradedesk', 'Paused', 'Available'],
  ['GOOGLE_ADS', 'platform:google_ads', 'PAUSED', 'ENABLED'],
  ['DV360', 'platform:dv360', 'ENTITY_STATUS_PAUSED', 'ENTITY_STATUS_ACTIVE'],
] as const

/** Which requests change a campaign. */
const writeOf = (type: Platform, id: string) =>
  ({
    META: { platform: 'meta', method: 'POST', path: id },
    TTD: { platform: 'tradedesk', method: 'PUT' },
    GOOGLE_ADS: { platform: 'google_ads', method: 'POST', path: ':mutate' },
    DV360: { platform: 'dv360', method: 'PATCH' },
  })[type] as { platform: 'meta' | 'tradedesk' | 'google_ads' | 'dv360'; method: string; path?: string }

async function connected(
  type: Platform,
  environment: Record<string, string> = {},
  account_id = type === 'DV360' ? '79' : undefined,
) {
  const reads = await startPlayedReads(environment)
  const api_key = reads.sandbox.credentials.tradedesk.apiKey
  const made =
    type === 'TTD'
      ? await reads.send('POST', '/api/v1/connectors', { connector_type: type, api_key })
      : await reads.connect(type, account_id === undefined ? {} : { account_id })
  const path = `/api/v1/connectors/${made.body.connector_id ?? made.body.id}/campaigns`
  const [, scope = ''] = PLATFORMS.find(([name]) => name === type) ?? []
  return {
    reads,
    faults: reads.sandbox.faults,
    applied: () =>
      reads.sandbox.ledger.applied.map(({ kind, amount, status }) => [kind, status ?? amount / 1e6]),
    create: (more: object = {}) =>
      reads.send('POST', path, { name: 'Winter', daily_budget: 50, start_date: '2026-12-01', ...more }),
    change: (id: string, change: object) => reads.send('PATCH', `${path}/${id}`, change),
    changeAll: (changes: object[]) => reads.send('PATCH', path, { changes }),
    spent: async () => (await reads.get(`/v1/budgets/${scope}`)).body.limits[0].spent,
  }
}

describe.each(['DV360'] as const)('many campaigns of %s at once', (type) => {
  it('are changed each for itself, those that stop first', async () => {
    const { create, changeAll, applied, spent } = await connected(type)
    const ids: string[] = []
    for (const name of ['one', 'two']) ids.push((await create({ name })).body.id)
    const [one = '', two = ''] = ids
    expect(await spent()).toBe(100)
    const changed = await changeAll([
      { id: one, daily_budget: 60 },
      { id: 'no-such', daily_budget: 10 },
      { id: two, status: 'paused' },
    ])
    expect(changed.status).toBe(200)
    expect(changed.body.results).toMatchObject([
      { id: one, httpStatus: 200 },
      { id: 'no-such', httpStatus: 502, code: 'platform_refused' },
      { id: two, httpStatus: 200 },
    ])
    expect(await spent()).toBe(110)
    expect(
      applied()
        .slice(-2)
        .map(([kind]) => kind),
    ).toEqual(['status', 'budget'])
    expect((await changeAll([{ id: one }])).status).toBe(400)
    expect(
      (
        await changeAll([
          { id: one, name: 'a' },
          { id: one, name: 'b' },
        ])
      ).status,
    ).toBe(400)
  })
})

describe.each(PLATFORMS)('campaigns of %s', (type, _, paused, active) => {
  it('are made paused, once, and changed; what they may spend more is paid for first', async () => {
    const { create, change, applied, spent, reads } = await connected(type)
    const made = await create()
    expect(made).toMatchObject({ status: 200, body: { id: expect.any(String) } })
    expect(await spent()).toBe(50)
    // The sandbox of Google notes changes of budgets, and not those of new campaigns.
    if (type !== 'GOOGLE_ADS') expect(applied()).toContainEqual(['budget', 50])
    expect(await create()).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining('already') },
    })
    expect(await spent()).toBe(50)

    const { id } = made.body
    expect((await change(id, { daily_budget: 75.5, name: 'Spring' })).status).toBe(200)
    expect(await spent()).toBe(75.5)
    expect((await change(id, { daily_budget: '20' })).status).toBe(200)
    expect((await change(id, { daily_budget: 30, status: 'active' })).status).toBe(200)
    expect(await spent()).toBe(85.5)
    expect((await change(id, { status: 'paused' })).status).toBe(200)
    const since = applied().filter(([, value]) => value !== 1_500)
    expect(since.slice(-5)).toEqual([
      ['budget', 75.5],
      ['budget', 20],
      ['budget', 30],
      ['status', active],
      ['status', paused],
    ])
    const { entries } = (await reads.get('/v1/audit?limit=6')).body
    const said = entries.map(({ action, from, to }: Record<string, unknown>) => [action, from, to])
    expect(said).toEqual([
      ['platform_campaign.changed', undefined, { status: 'paused' }],
      ['platform_campaign.changed', undefined, { status: 'active' }],
      ['platform_campaign.changed', { daily_budget: 20 }, { daily_budget: 30 }],
      ['platform_campaign.changed', { daily_budget: 75.5 }, { daily_budget: 20 }],
      ['platform_campaign.changed', { daily_budget: 50 }, { daily_budget: 75.5, name: 'Spring' }],
      // The second one with the same name.
      [
        'platform_campaign.created',
        undefined,
        { name: 'Winter', daily_budget: 50, start_date: '2026-12-01' },
      ],
    ])
    expect(entries[0].target).toMatch(new RegExp(`^${type}:.+:${id}$`))
    expect(entries[5]).toMatchObject({ outcome: 'failed', code: 'platform_refused' })
  })

  it('get no more than there is budget for, and the money of what was refused back', async () => {
    const { create, change, spent, applied, reads } = await connected(type)
    const { id } = (await create()).body
    const before = applied()
    const refused = await change(id, { daily_budget: 5_000 })
    expect(refused).toMatchObject({ status: 429, body: { code: 'budget_exceeded' } })
    expect(applied()).toEqual(before)
    const fault = { is: 'http', status: 404 } as const
    reads.sandbox.faults.add({ ...writeOf(type, id), fault })
    expect(await change(id, { daily_budget: 60 })).toMatchObject({ status: 502 })
    expect(await spent()).toBe(50)
  })

  it('are refused by a budget in the words that a bid is refused in', async () => {
    const { create, change, reads } = await connected(type)
    const { id } = (await create()).body
    const [, scope] = PLATFORMS.find(([name]) => name === type) ?? []
    const { max } = (await reads.get(`/v1/budgets/${scope}`)).body.limits[0]
    const overBudget = (await change(id, { daily_budget: 50 + max })).body
    await reads.send('POST', `/v1/budgets/${scope}/pause`, { reason: 'test' })
    const paused = (await change(id, { daily_budget: 60 })).body
    expect(overBudget).toMatchObject({ code: 'budget_exceeded', scope, remaining: max - 50 })
    expect(Date.parse(overBudget.wouldPassAt)).toBe(reads.clock.nowMs() + overBudget.retryAfterMs)
    if (type === 'DV360') return
    const bid = async (bidAmount: number) => {
      const platform = scope?.replace('platform:', '')
      const one = { customerId: 'a', campaignId: 'c1', platform, predictedLtv: 1_000, bidAmount }
      return (await reads.send('POST', '/v1/bids', one)).body
    }
    const recorded = { bidId: expect.any(String) }
    expect(await bid(10)).toEqual({ ...paused, ...recorded })
    await reads.send('POST', `/v1/budgets/${scope}/resume`)
    expect(await bid(max)).toEqual({ ...overBudget, ...recorded })
  })

  it('are paid for where nobody knows whether they may spend more', async () => {
    const { create, change, spent, faults } = await connected(type)
    const { id } = (await create()).body
    faults.add({ ...writeOf(type, id), fault: { is: 'reset_after' } })
    const lost = await change(id, { daily_budget: 60 })
    expect(lost).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    expect(await spent()).toBe(60)
  })

  it('can be stopped whatever forbids spending, and cannot be started', async () => {
    const { create, change, applied, faults, reads } = await connected(type)
    const { id } = (await create()).body
    if (type !== 'GOOGLE_ADS') {
      const { platform } = writeOf(type, id)
      const failures = type === 'META' ? 3 : 5
      faults.add({ platform, times: failures, fault: { is: 'http', status: 500 } })
      for (let turn = 0; turn < failures; turn++) await change(id, { name: `Try ${turn}` })
      expect(await change(id, { status: 'active' })).toMatchObject({ status: 503 })
    }
    await reads.send('POST', '/v1/kill-switch', { engaged: true, reason: 'test' })
    expect((await change(id, { status: 'paused' })).status).toBe(200)
    expect((await change(id, { daily_budget: 10 })).status).toBe(200)
    expect(applied().slice(-2)).toEqual([
      ['status', paused],
      ['budget', 10],
    ])
    reads.clock.advance(70_000)
    expect(await change(id, { status: 'active' })).toMatchObject({ status: 409, body: { code: 'paused' } })
    expect(await change(id, { daily_budget: 11 })).toMatchObject({ status: 409 })
  })
})

describe('a campaign of Display & Video 360', () => {
  it('has its budget on its one insertion order, which starts with it the first time', async () => {
    const { create, change, reads } = await connected('DV360')
    const { id } = (await create()).body
    const orders = async () => {
      const { body } = await reads.get('/api/v1/connectors')
      const fetched = await reads.fetched(body.connectors[0].id, { report_type: 'campaigns' })
      const rows = await reads.rowsOf(fetched.body.request_id)
      return rows.filter((row) => row['parent_id'] === id).map(({ name, status }) => [name, status])
    }
    expect(await orders()).toEqual([['Winter', 'DRAFT']])
    expect((await change(id, { status: 'active' })).status).toBe(200)
    expect((await change(id, { status: 'paused' })).status).toBe(200)
    reads.clock.advance(300_000)
    expect(await orders()).toEqual([['Winter', 'ACTIVE']])
  })

  it('that was made without its insertion order is completed when it is asked for again', async () => {
    const { create, change, applied, faults, spent } = await connected('DV360')
    faults.add({ platform: 'dv360', method: 'POST', path: '/insertionOrders', fault: { is: 'reset' } })
    expect(await create()).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    const made = await create()
    expect(made.status).toBe(200)
    expect(await spent()).toBe(100)
    expect(applied()).toEqual([
      ['status', 'ENTITY_STATUS_PAUSED'],
      ['budget', 50],
    ])
    expect((await change(made.body.id, { daily_budget: 20 })).status).toBe(200)
  })

  it('whose budget cannot be found out is not changed, but can be stopped', async () => {
    const { change, spent } = await connected('DV360')
    const refused = await change('7902', { daily_budget: 10 })
    expect(refused).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining('insertion order') },
    })
    expect((await change('7902', { status: 'paused' })).status).toBe(200)
    expect(await spent()).toBe(0)
  })

  it('may have a budget of its own here, and none in another currency', async () => {
    const { change, reads } = await connected('DV360')
    const limits = [{ kind: 'lifetime', max: 5 }]
    expect((await reads.send('PUT', '/v1/budgets/campaign:dv360:7901', { limits })).status).toBe(200)
    expect(await change('7901', { daily_budget: 106 })).toMatchObject({
      status: 429,
      body: { scope: 'campaign:dv360:7901' },
    })
    expect((await change('7901', { daily_budget: 105 })).status).toBe(200)
    const yen = await connected('DV360', {}, '78')
    expect(await yen.change('7801', { daily_budget: 200 })).toMatchObject({
      body: { code: 'currency_mismatch' },
    })
  })
})

describe('a change of a campaign', () => {
  it('that The Trade Desk takes without making it counts as open', async () => {
    const { change, faults, spent } = await connected('TTD')
    faults.add({ platform: 'tradedesk', fault: { is: 'ignored' } })
    expect(await change('ttd-c1', { daily_budget: 130 })).toMatchObject({ status: 504 })
    expect(await spent()).toBe(30)
  })

  it.each([
    ['an empty slot', { mutateOperationResponses: [{}] }],
    [
      'another campaign',
      { mutateOperationResponses: [{ campaignResult: { resourceName: 'customers/1/campaigns/9' } }] },
    ],
  ])('that Google Ads answers with %s is not taken for made', async (_what, answer) => {
    const { change, create, faults } = await connected('GOOGLE_ADS')
    const { id } = (await create()).body
    faults.add({
      platform: 'google_ads',
      path: ':mutate',
      fault: { is: 'instead', text: JSON.stringify(answer) },
    })
    expect(await change(id, { status: 'paused' })).toMatchObject({
      status: 504,
      body: { code: 'outcome_unknown' },
    })
  })

  it('of a budget that Google Ads has for a whole period is refused: it has none for a day', async () => {
    const { change, create, faults, spent } = await connected('GOOGLE_ADS')
    const { id } = (await create()).body
    const budget = {
      campaignBudget: { resourceName: 'customers/1/campaignBudgets/1', explicitlyShared: false },
    }
    faults.add({
      platform: 'google_ads',
      path: ':searchStream',
      times: 'always',
      fault: { is: 'instead', text: JSON.stringify([{ results: [budget] }]) },
    })
    expect(await change(id, { daily_budget: 60 })).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining('no daily budget') },
    })
    expect(await spent()).toBe(50)
  })

  it.each(['TTD', 'DV360', 'META'] as const)(
    'that %s answers about another one counts as open',
    async (type) => {
      const { change, create, faults } = await connected(type)
      const { id } = (await create()).body
      const shown = {
        TTD: { CampaignId: 'other', CampaignName: 'Winter', Availability: 'Paused' },
        DV360: { campaignId: 'other', entityStatus: 'ENTITY_STATUS_PAUSED' },
        META: { id: 'other', status: 'PAUSED' },
      }[type]
      const { platform, method } = writeOf(type, id)
      const fault = { is: 'instead', text: JSON.stringify(shown) } as const
      faults.add({
        platform,
        method: type === 'META' ? 'GET' : method,
        path: type === 'META' ? id : '',
        fault,
      })
      expect(await change(id, { status: 'paused' })).toMatchObject({ body: { code: 'outcome_unknown' } })
    },
  )

  it('that Meta calls a success without making it counts as open: raised, and not lowered or paused', async () => {
    const { change, create, faults, spent, applied } = await connected('META')
    const { id } = (await create()).body
    await change(id, { status: 'active' })
    const before = applied()
    for (const [body, counted] of [
      [{ status: 'paused' }, 50],
      [{ daily_budget: 20 }, 50],
      [{ daily_budget: 60 }, 60],
    ] as const) {
      faults.add({ platform: 'meta', fault: { is: 'not_made' } })
      expect(await change(id, body)).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
      expect([await spent(), applied()]).toEqual([counted, before])
    }
    expect((await change(id, { status: 'paused' })).status).toBe(200)
  })

  it('that The Trade Desk answers without content is read back', async () => {
    const { change, faults, applied } = await connected('TTD')
    faults.add({ platform: 'tradedesk', fault: { is: 'no_content' } })
    expect((await change('ttd-c1', { status: 'paused' })).status).toBe(200)
    expect(applied()).toEqual([['status', 'Paused']])
  })

  it('that stops a campaign is made whatever was counted, one that raises it waits', async () => {
    const { change, applied, spent } = await connected('TTD', { CONNECTOR_RATE_LIMITS: 'TTD=6/3600' })
    for (let turn = 0; turn < 5; turn++)
      expect((await change('ttd-c1', { status: 'paused' })).status).toBe(200)
    expect(await change('ttd-c1', { daily_budget: 130 })).toMatchObject({
      status: 429,
      body: { code: 'rate_limited', retryAfterMs: expect.any(Number), wouldPassAt: expect.any(String) },
    })
    expect([applied().length, await spent()]).toEqual([5, 0])
  })

  it('is not paid for in another currency', async () => {
    const { change, applied } = await connected('META', {}, 'act_700000000000003')
    const refused = await change('jp23850002-cbo', { daily_budget: 100_000 })
    expect(refused).toMatchObject({ status: 422, body: { code: 'currency_mismatch' } })
    expect((await change('jp23850002-cbo', { daily_budget: 50 })).status).toBe(200)
    expect(applied()).toEqual([['budget', 50]])
  })

  it('leaves budgets alone that the ad sets have', async () => {
    const { change, spent } = await connected('META')
    const refused = await change('23850001', { daily_budget: 500 })
    expect(refused).toMatchObject({ status: 502, body: { detail: expect.stringContaining('of its own') } })
    expect(await spent()).toBe(0)
  })

  it.each([
    {},
    { daily_budget: 0 },
    { daily_budget: -1 },
    { daily_budget: '1e9' },
    { status: 'deleted' },
    { bid: 1 },
  ])('cannot be %j', async (wrong) => {
    const { change } = await connected('TTD')
    expect((await change('ttd-c1', wrong)).status).toBe(400)
  })

  it('is for administrators, and for platforms that can be written', async () => {
    const key = (name: string, scope: string) => `${name}:${scope}:${hash('sha256', name, 'hex')}`
    const reads = await startPlayedReads({ API_KEYS: `${key('reader', 'read')},${key('boss', 'admin')}` })
    const as = (name: string) => ({ authorization: `Bearer ${name}` })
    const path = '/api/v1/connectors/5f0f3cf0-0000-4000-8000-000000000000/campaigns/1'
    expect((await reads.send('PATCH', path, { status: 'paused' }, as('reader'))).status).toBe(403)
    expect((await reads.send('PATCH', path, { status: 'paused' }, as('boss'))).status).toBe(404)
    const open = await startPlayedReads()
    const { body } = await open.connect('GA4')
    const change = await open.send('PATCH', `/api/v1/connectors/${body.connector_id}/campaigns/1`, {
      status: 'paused',
    })
    expect(change).toMatchObject({ status: 400, body: { field: 'id' } })
  })
})

it('tells an organisation of shared budgets only that one of them refused', async () => {
  const entry = (name: string) => `${name}:admin:${hash('sha256', `k-${name}`)}`
  const as = (name: string) => ({ authorization: `Bearer k-${name}` })
  const reads = await startPlayedReads({ API_KEYS: `${entry('ops')},${entry('seven@7')}` })
  const api_key = reads.sandbox.credentials.tradedesk.apiKey
  const made = await reads.send(
    'POST',
    '/api/v1/connectors',
    { connector_type: 'TTD', api_key },
    as('seven@7'),
  )
  const create = (daily_budget: number) =>
    reads.send(
      'POST',
      `/api/v1/connectors/${made.body.id}/campaigns`,
      { name: 'x', daily_budget },
      as('seven@7'),
    )
  const over = await create(100_000)
  expect(over).toMatchObject({ status: 429, body: { code: 'budget_exceeded', scope: 'shared' } })
  expect(JSON.stringify(over.body)).not.toMatch(/tradedesk|remaining|600/)
  await reads.send('POST', '/v1/budgets/platform:tradedesk/pause', { reason: 'secret' }, as('ops'))
  await reads.send('POST', '/v1/kill-switch', { engaged: true, reason: 'secret' }, as('ops'))
  const stopped = await create(1)
  expect(stopped).toMatchObject({ status: 409, body: { code: 'paused', scope: 'shared' } })
  expect(JSON.stringify(stopped.body)).not.toContain('secret')
})
