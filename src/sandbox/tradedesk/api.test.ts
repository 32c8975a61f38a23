import { beforeEach, describe, expect, it } from 'vitest'
import { withSandbox } from '../sandbox.test-support.ts'

const { sandbox, tradedesk, bid } = withSandbox()
const usd = (Amount: number) => ({ Amount, CurrencyCode: 'USD' })

beforeEach(() => {
  sandbox().ledger.clear()
  sandbox().restoreToken('tradedesk')
})

describe('campaigns', () => {
  it('come into being, are changed by what is sent and echoed', async () => {
    expect((await tradedesk('GET', 'campaign/c1')).json).toMatchObject({
      Availability: 'Available',
      DailyBudget: usd(100),
    })
    const answer = await tradedesk('PUT', 'campaign', { CampaignId: 'c1', DailyBudget: usd(75.5) })
    expect(answer.json).toMatchObject({ CampaignId: 'c1', Availability: 'Available', DailyBudget: usd(75.5) })
    await tradedesk('PUT', 'campaign', { CampaignId: 'c1', Availability: 'Paused' })
    expect(sandbox().ledger.applied).toMatchObject([
      { kind: 'budget', campaignId: 'c1', amount: 75_500_000 },
      { kind: 'status', campaignId: 'c1', status: 'Paused' },
    ])
  })

  it('ignore a mistyped property unless the mode is strict', async () => {
    const body = { CampaignId: 'c2', DailyBudgets: usd(5) }
    const lax = await tradedesk('PUT', 'campaign', body)
    expect([lax.status, lax.json.DailyBudget]).toEqual([200, usd(100)])
    const strict = await tradedesk('PUT', 'campaign', body, { 'TTD-Strict-Mode': 'true' })
    expect(strict.status).toBe(400)
    expect(strict.json.ErrorDetails[0].Property).toBe('DailyBudgets')
  })

  it.each([
    [{ CampaignId: 'c3', DailyBudget: { Amount: '5', CurrencyCode: 'USD' } }, 400],
    [{ CampaignId: 'c3', DailyBudget: { Amount: 5, CurrencyCode: 'EUR' } }, 400],
    [{ DailyBudget: usd(5) }, 400],
    [{ CampaignId: 'missing-1', DailyBudget: usd(5) }, 404],
  ])('refuse %j', async (body, status) => {
    expect((await tradedesk('PUT', 'campaign', body)).status).toBe(status)
    expect(sandbox().ledger.applied).toEqual([])
  })
})

describe('what there is to read', () => {
  const paging = (PageStartIndex: number, PageSize = 100) => ({ PageStartIndex, PageSize })
  const query = async (path: string, body: object) => (await tradedesk('POST', path, body)).json

  it('comes by page', async () => {
    const AdvertiserId = 'adv-sandbox'
    const partners = await query('partner/query', paging(0))
    expect(partners.Result.map((one: { PartnerId: string }) => one.PartnerId)).toContain('partner-sandbox')
    const first = await query('adgroup/query/advertiser', { AdvertiserId, ...paging(0) })
    const second = await query('adgroup/query/advertiser', { AdvertiserId, ...paging(100) })
    expect([first.ResultCount, second.ResultCount >= 22]).toEqual([100, true])
    expect((await tradedesk('POST', 'campaign/query/advertiser', { AdvertiserId })).status).toBe(400)
    const foreign = await tradedesk('POST', 'campaign/query/advertiser', { AdvertiserId: 'x', ...paging(0) })
    expect(foreign.status).toBe(403)
  })

  it('says what has changed since a version, a page at a time', async () => {
    const path = 'delta/adgroup/query/advertiser'
    const ask = (since: number | null, ReturnEntireAdGroup = true) =>
      query(path, { AdvertiserId: 'adv-sandbox', ReturnEntireAdGroup, LastChangeTrackingVersion: since })
    const none = await ask(null, false)
    expect([none.AdGroups, none.ElementIds.length, none.MoreAdGroupsAvailable]).toEqual([null, 50, true])
    let version = none.LastChangeTrackingVersion
    for (let more = true; more; ) {
      const next = await ask(version)
      expect(next.LastChangeTrackingVersion).toBeGreaterThan(version)
      version = next.LastChangeTrackingVersion
      more = next.MoreAdGroupsAvailable
    }
    expect((await ask(version)).AdGroups).toEqual([])
    await tradedesk('PUT', 'adgroup', { AdGroupId: 'ttd-c1-ag7', IsEnabled: false })
    expect((await ask(version)).AdGroups).toMatchObject([{ AdGroupId: 'ttd-c1-ag7', IsEnabled: false }])
    const old = { AdvertiserId: 'adv-sandbox', LastChangeTrackingVersion: 1 }
    expect((await tradedesk('POST', path, old)).status).toBe(400)
  })

  it.each([
    [{ ReportTemplateId: 1 }, 'ReportTemplateId'],
    [{ ReportScheduleName: undefined }, 'ReportScheduleName'],
    [{ AdvertiserFilters: ['other'] }, 'AdvertiserFilters.0'],
  ])('is no report with %j', async (wrong, property) => {
    const order = {
      ReportScheduleName: 'r',
      ReportTemplateId: 101,
      ReportFileFormat: 'CSV',
      ReportDateRange: 'Custom',
      ReportStartDateInclusive: '2026-11-01',
      ReportEndDateExclusive: '2026-11-02',
      TimeZone: 'UTC',
      ReportDateFormat: 'Sortable',
      ReportNumericFormat: 'US',
      ReportFrequency: 'Once',
      AdvertiserFilters: ['adv-sandbox'],
    }
    const refused = await tradedesk('POST', 'myreports/reportschedule', { ...order, ...wrong })
    expect([refused.status, refused.json.ErrorDetails[0].Property]).toEqual([400, property])
    expect((await tradedesk('POST', 'myreports/reportexecution/query', {})).status).toBe(404)
  })
})

it('answers the cheap checks, and nobody without a token', async () => {
  expect((await tradedesk('GET', 'partner/partner-sandbox')).status).toBe(200)
  const query = { PartnerId: 'partner-sandbox', PageStartIndex: 0, PageSize: 1 }
  expect((await tradedesk('POST', 'advertiser/query/partner', query)).json.ResultCount).toBe(1)
  expect((await tradedesk('GET', 'partner/other')).status).toBe(403)
  expect((await tradedesk('GET', 'adgroup/a1')).json.AdGroupId).toBe('a1')
  sandbox().revokeToken('tradedesk')
  expect((await tradedesk('GET', 'partner/partner-sandbox')).status).toBe(401)
})

describe('the bid endpoint', () => {
  const response = (id: string, more: object = {}) => ({
    id,
    cur: 'USD',
    seatbid: [{ bid: [{ id: `${id}-1`, impid: '1', price: 1.5, cid: 'c9', ...more }] }],
  })

  it('takes a bid once', async () => {
    expect((await bid(response('r1'))).json).toEqual({ id: 'r1', accepted: true })
    expect((await bid(response('r1'))).json).toEqual({ id: 'r1', accepted: true })
    expect(sandbox().ledger.applied).toMatchObject([
      { kind: 'bid', campaignId: 'c9', decisionId: 'r1-1', amount: 1500, currency: 'USD' },
    ])
  })

  it.each([{ price: '1.5' }, { price: 0 }, { mtype: 1 }, { impid: undefined }])(
    'refuses %j',
    async (more) => {
      expect((await bid(response('r2', more))).status).toBe(400)
      expect(sandbox().ledger.applied).toEqual([])
    },
  )
})
