import { beforeEach, describe, expect, it } from 'vitest'
import { withSandbox } from './sandbox.test-support.ts'

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
