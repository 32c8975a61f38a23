import { beforeEach, describe, expect, it } from 'vitest'
import { call, withSandbox } from '../sandbox.test-support.ts'

const { sandbox, meta } = withSandbox({ reportMs: 0 })
const BID_CAP = 'LOWEST_COST_WITH_BID_CAP'

beforeEach(() => {
  sandbox().ledger.clear()
  sandbox().restoreToken('meta')
})

describe('reading', () => {
  it('shows a campaign with the budget on its ad set, in minor units', async () => {
    expect((await meta('c1?fields=name,status,daily_budget')).json).toEqual({
      id: 'c1',
      name: 'Campaign c1',
      status: 'ACTIVE',
    })
    const { data, paging } = (await meta('c1/adsets?fields=daily_budget')).json
    expect(data).toEqual([{ id: 'c1-adset-1', daily_budget: '10000' }])
    expect(paging.next).toBeUndefined()
  })

  it('shows a campaign budget with two ad sets, and a campaign without any', async () => {
    expect((await meta('cbo1?fields=daily_budget')).json.daily_budget).toBe('10000')
    expect((await meta('cbo1/adsets')).json.data).toHaveLength(2)
    expect((await meta('empty1/adsets')).json).toEqual({ data: [] })
  })

  it('pages through sixty ad sets', async () => {
    const first = (await meta('many1/adsets?limit=40&fields=id')).json
    const headers = { authorization: `Bearer ${sandbox().credentials.meta.accessToken}` }
    const second = (await call(first.paging.next, { headers })).json
    expect([first.data.length, second.data.length, second.paging.next]).toEqual([40, 20, undefined])
    expect(second.data[0].id).toBe('many1-adset-41')
  })

  it('refuses unknown fields, missing objects and dead tokens', async () => {
    expect((await meta('c1?fields=nonsense')).json.error.code).toBe(100)
    expect((await meta('missing1')).json.error).toMatchObject({ code: 100, error_subcode: 33 })
    sandbox().revokeToken('meta')
    expect((await meta('c1')).json.error).toMatchObject({ code: 190, error_subcode: 467 })
  })
})

describe('a bid', () => {
  it('stands in the ledger in micros', async () => {
    const answer = await meta('b1-adset-1', {
      bid_strategy: BID_CAP,
      bid_amount: '150',
      optimization_goal: 'VALUE',
    })
    expect(answer.json).toEqual({ success: true })
    expect((await meta('b1-adset-1?fields=bid_amount,bid_strategy')).json).toEqual({
      id: 'b1-adset-1',
      bid_strategy: BID_CAP,
      bid_amount: '150',
    })
    expect(sandbox().ledger.applied).toMatchObject([{ kind: 'bid', campaignId: 'b1', amount: 1_500_000 }])
  })

  it('changes nothing when it is only validated', async () => {
    const checked = { bid_strategy: BID_CAP, bid_amount: '150', execution_options: '["validate_only"]' }
    expect((await meta('v1-adset-1', checked)).json).toEqual({ success: true })
    expect((await meta('v1-adset-1?fields=bid_amount')).json).toEqual({ id: 'v1-adset-1' })
    expect(sandbox().ledger.applied).toEqual([])
  })

  it.each([
    ['b2-adset-1', { bid_strategy: BID_CAP }],
    ['b2-adset-1', { bid_amount: '10' }],
    ['b2-adset-1', { bid_strategy: BID_CAP, bid_amount: '1.5' }],
    ['b2-adset-1', { bid_strategy: 'LOWEST_COST_WITH_MIN_ROAS', optimization_goal: 'VALUE' }],
    [
      'b2-adset-1',
      { bid_strategy: 'LOWEST_COST_WITH_MIN_ROAS', bid_constraints: '{"roas_average_floor":20000}' },
    ],
    ['noval-adset-1', { bid_strategy: BID_CAP, bid_amount: '10', optimization_goal: 'VALUE' }],
    ['b2-adset-1', { nonsense: '1' }],
    ['b2', { bid_strategy: BID_CAP }],
    ['cbo2', { bid_strategy: BID_CAP, adset_bid_amounts: '{"cbo2-adset-1":100}' }],
    ['cbo2', { bid_strategy: BID_CAP, adset_bid_amounts: '{"other":100}' }],
    ['cbo2-adset-1', { daily_budget: '100' }],
  ])('of %s with %j is refused with code 100', async (path, form) => {
    const answer = await meta(path, form)
    expect([answer.status, answer.json.error.code]).toEqual([400, 100])
    expect(sandbox().ledger.applied).toEqual([])
  })

  it('by minimum ROAS has no amount', async () => {
    const bid_constraints = '{"roas_average_floor":20000}'
    const form = { bid_strategy: 'LOWEST_COST_WITH_MIN_ROAS', optimization_goal: 'VALUE', bid_constraints }
    expect((await meta('r1-adset-1', form)).status).toBe(200)
    expect(sandbox().ledger.applied).toMatchObject([{ kind: 'bid', campaignId: 'r1', amount: 0 }])
  })

  it('under a campaign budget is one entry with the largest amount', async () => {
    const adset_bid_amounts = JSON.stringify({ 'cbo3-adset-1': 100, 'cbo3-adset-2': 200 })
    expect((await meta('cbo3', { bid_strategy: BID_CAP, adset_bid_amounts })).status).toBe(200)
    expect(sandbox().ledger.applied).toMatchObject([{ kind: 'bid', campaignId: 'cbo3', amount: 2_000_000 }])
    expect((await meta('cbo3-adset-2?fields=bid_amount,bid_strategy')).json).toMatchObject({
      bid_amount: '200',
      bid_strategy: BID_CAP,
    })
  })
})

it('records budgets and statuses', async () => {
  await meta('cbo4', { daily_budget: '7500' })
  await meta('s1', { status: 'PAUSED' })
  expect(sandbox().ledger.applied).toMatchObject([
    { kind: 'budget', campaignId: 'cbo4', amount: 75_000_000 },
    { kind: 'status', campaignId: 's1', status: 'PAUSED' },
  ])
  expect((await meta('s1-adset-1?fields=effective_status')).json.effective_status).toBe('CAMPAIGN_PAUSED')
})

describe('what there is to read', () => {
  const OWN = 'act_700000000000002'
  const range = (since: string, until: string) =>
    `level=campaign&time_increment=1&fields=campaign_id,spend&time_range=${JSON.stringify({ since, until })}`

  it('leaves out what was archived, unless it is asked for', async () => {
    const ids = async (query: string) => {
      const { json } = await meta(`${OWN}/campaigns?fields=id&limit=100${query}`)
      return json.data.map((one: { id: string }) => one.id)
    }
    expect(await ids('')).not.toContain('23850003')
    expect(await ids('&effective_status=["ARCHIVED"]')).toEqual(['23850003'])
  })

  it('comes with a cursor on the last page too, but no next', async () => {
    const first = (await meta('me/adaccounts?fields=name')).json
    expect(first).toMatchObject({ data: [{ id: OWN }], paging: { next: expect.any(String) } })
    const last = (await meta(`me/adaccounts?after=${first.paging.cursors.after}`)).json
    expect(last.paging).toEqual({ cursors: { before: expect.any(String), after: expect.any(String) } })
  })

  it('is too much at once, or for a report, where an account is large', async () => {
    const large = 'act_700000000000003/insights'
    const refused = await meta(`${large}?${range('2026-11-01', '2026-11-04')}`)
    expect(refused).toMatchObject({ status: 500, json: { error: { code: 1 } } })
    const fields = Object.fromEntries(new URLSearchParams(range('2026-11-01', '2026-11-11')))
    const { report_run_id: run } = (await meta(large, fields)).json
    const looks = []
    for (let look = 0; look < 4; look++) looks.push((await meta(run)).json)
    expect(looks[0]).toMatchObject({ error: { code: 100, error_subcode: 33 } })
    expect(looks[3]).toMatchObject({ async_status: 'Job Failed', error_subcode: 1504018 })
    expect((await meta(`${run}/insights`)).json.error.code).toBe(100)
  })

  it.each([
    ['oauth/access_token?client_id=600000000000001&client_secret=wrong&code=x', 1],
    ['oauth/access_token?client_id=600000000000001&client_secret=sandbox-app-secret&code=x', 100],
    ['dialog/oauth?client_id=other', 101],
  ])('is opened to nobody by %s', async (path, code) => {
    expect((await meta(path)).json.error.code).toBe(code)
  })
})
