import { beforeEach, describe, expect, it } from 'vitest'
import { withSandbox } from '../sandbox.test-support.ts'

const { sandbox, google, query, refresh } = withSandbox()
const ROOT = 'customers/1234567890'

const errorIn = (answer: { json: { error: { details: { errors: { errorCode: object }[] }[] } } }) =>
  answer.json.error.details[0]?.errors[0]?.errorCode

const firstBid = (campaign: string, ceiling = '2500000') => ({
  mutateOperations: [
    {
      biddingStrategyOperation: {
        create: {
          resourceName: `${ROOT}/biddingStrategies/-1`,
          name: `roas ${campaign}`,
          targetRoas: { targetRoas: 3.2, cpcBidCeilingMicros: ceiling },
        },
      },
    },
    {
      campaignOperation: {
        updateMask: 'biddingStrategy,urlCustomParameters',
        update: {
          resourceName: `${ROOT}/campaigns/${campaign}`,
          biddingStrategy: `${ROOT}/biddingStrategies/-1`,
          urlCustomParameters: [{ key: 'bwid', value: 'decision-1' }],
        },
      },
    },
  ],
})

const update = (path: string, resource: string, updateMask: string, fields: object) =>
  google(`${path}:mutate`, {
    operations: [{ updateMask, update: { resourceName: `${ROOT}/${resource}`, ...fields } }],
  })

beforeEach(() => {
  sandbox().ledger.clear()
  sandbox().restoreToken('google_ads')
})

describe('reading', () => {
  it('lets an unknown campaign come into being with a budget of its own', async () => {
    const select =
      'campaign.id, campaign.status, campaign_budget.amount_micros, campaign_budget.reference_count'
    expect(await query(`SELECT ${select} FROM campaign WHERE campaign.id = 'new-1'`)).toEqual([
      {
        campaign: { resourceName: `${ROOT}/campaigns/new-1`, id: 'new-1', status: 'ENABLED' },
        campaignBudget: {
          resourceName: expect.stringMatching(/campaignBudgets\/\d+$/),
          amountMicros: '100000000',
          referenceCount: '1',
        },
      },
    ])
  })

  it('shows a shared budget as used twice, and leaves false out', async () => {
    const select = 'campaign_budget.explicitly_shared, campaign_budget.reference_count'
    const of = (id: string) => query(`SELECT ${select} FROM campaign WHERE campaign.id = '${id}' LIMIT 1`)
    expect((await of('a-shared-1'))[0].campaignBudget).toMatchObject({
      explicitlyShared: true,
      referenceCount: '2',
    })
    expect((await of('own'))[0].campaignBudget).not.toHaveProperty('explicitlyShared')
  })

  it('finds nothing for a campaign that is missing', async () => {
    expect(await query("SELECT campaign.id FROM campaign WHERE campaign.id IN ('missing-1')")).toEqual([])
  })

  it('understands IN, != and LIMIT', async () => {
    const rows = await query(
      "SELECT campaign.id FROM campaign WHERE campaign.id IN ('q1','q2','q3') AND campaign.id != 'q1' LIMIT 1",
    )
    expect(rows.map((row: { campaign: { id: string } }) => row.campaign.id)).toEqual(['q2'])
  })

  it.each([
    ['SELECT campaign.nonsense FROM campaign', { queryError: 'UNRECOGNIZED_FIELD' }],
    ['SELECT campaign.id FROM nothing', { queryError: 'BAD_RESOURCE_TYPE_IN_FROM_CLAUSE' }],
    ['SELECT campaign.id', { queryError: 'EXPECTED_FROM' }],
    ['SELECT campaign.id FROM bidding_strategy', { queryError: 'PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE' }],
    ['SELECT campaign.id FROM campaign WHERE campaign.id < 3', { queryError: 'UNEXPECTED_INPUT' }],
  ])('refuses the query %s', async (text, errorCode) => {
    expect(errorIn(await google('googleAds:search', { query: text }))).toEqual(errorCode)
  })

  it('streams arrays, errors too, and takes no page size', async () => {
    const good = await google('googleAds:searchStream', { query: 'SELECT customer.id FROM customer' })
    expect(good.json[0].results).toEqual([{ customer: { resourceName: ROOT, id: '1234567890' } }])
    const bad = await google('googleAds:searchStream', { query: 'nonsense' })
    expect([bad.status, bad.json[0].error.status]).toEqual([400, 'INVALID_ARGUMENT'])
    const paged = await google('googleAds:search', { query: 'SELECT customer.id FROM customer', pageSize: 5 })
    expect(errorIn(paged)).toEqual({ requestError: 'PAGE_SIZE_NOT_SUPPORTED' })
  })
})

describe('a bid', () => {
  it('sets strategy, campaign and parameters in one request and stands in the ledger', async () => {
    const answer = await google('googleAds:mutate', firstBid('bid-1'))
    expect(answer.status).toBe(200)
    const { biddingStrategyResult } = answer.json.mutateOperationResponses[0]
    expect(biddingStrategyResult.resourceName).toMatch(/biddingStrategies\/\d+$/)
    const [row] = await query(
      "SELECT campaign.bidding_strategy, campaign.bidding_strategy_type, campaign.url_custom_parameters, bidding_strategy.target_roas.cpc_bid_ceiling_micros FROM campaign WHERE campaign.id = 'bid-1'",
    )
    expect(row).toMatchObject({
      campaign: {
        biddingStrategy: biddingStrategyResult.resourceName,
        biddingStrategyType: 'TARGET_ROAS',
        urlCustomParameters: [{ key: 'bwid', value: 'decision-1' }],
      },
      biddingStrategy: { targetRoas: { cpcBidCeilingMicros: '2500000' } },
    })
    expect(sandbox().ledger.applied).toMatchObject([
      {
        platform: 'google_ads',
        kind: 'bid',
        campaignId: 'bid-1',
        decisionId: 'decision-1',
        amount: 2_500_000,
      },
    ])
  })

  it('is all or nothing', async () => {
    const body = firstBid('missing-2')
    expect(errorIn(await google('googleAds:mutate', body))).toEqual({ mutateError: 'RESOURCE_NOT_FOUND' })
    expect(
      await query(
        "SELECT bidding_strategy.id FROM bidding_strategy WHERE bidding_strategy.name = 'roas missing-2'",
      ),
    ).toEqual([])
    expect(sandbox().ledger.applied).toEqual([])
  })

  it('changes nothing when it is only validated', async () => {
    const answer = await google('googleAds:mutate', { ...firstBid('dry'), validateOnly: true })
    expect([answer.status, answer.json]).toEqual([200, {}])
    expect(sandbox().ledger.applied).toEqual([])
  })

  it('is refused the second time under the same strategy name', async () => {
    await google('googleAds:mutate', firstBid('twice'))
    const again = await google('googleAds:mutate', firstBid('twice'))
    expect(errorIn(again)).toEqual({ biddingStrategyError: 'DUPLICATE_NAME' })
    expect(again.json.error.details[0].errors[0].location.fieldPathElements).toEqual([
      { fieldName: 'mutate_operations', index: 0 },
      { fieldName: 'bidding_strategy_operation' },
      { fieldName: 'create' },
      { fieldName: 'name' },
    ])
  })

  it.each([
    ['2500001', { biddingError: 'BID_TOO_MANY_FRACTIONAL_DIGITS' }],
    ['0', { biddingError: 'BID_TOO_SMALL' }],
    ['9100000000000000', { biddingError: 'BID_TOO_BIG' }],
  ])('is refused with a ceiling of %s', async (ceiling, errorCode) => {
    expect(errorIn(await google('googleAds:mutate', firstBid('bad', ceiling)))).toEqual(errorCode)
  })

  it('is refused when an int64 is not a string or a field does not exist', async () => {
    const number = await google('biddingStrategies:mutate', {
      operations: [{ create: { name: 'n', targetRoas: { targetRoas: 1, cpcBidCeilingMicros: 2500000 } } }],
    })
    expect(number.json.error.message).toContain('TYPE_INT64')
    const unknown = await google('campaigns:mutate', { operations: [{ create: { nonsense: 1 } }] })
    expect(unknown.json.error.message).toContain('Unknown name "nonsense"')
  })
})

describe('an update', () => {
  it.each([
    ['nonsense', { status: 'PAUSED' }, { fieldMaskError: 'FIELD_NOT_FOUND' }],
    ['', { status: 'PAUSED' }, { fieldMaskError: 'FIELD_MASK_MISSING' }],
    ['id', {}, { fieldError: 'IMMUTABLE_FIELD' }],
    ['maximize_conversion_value', { maximizeConversionValue: {} }, { fieldMaskError: 'FIELD_HAS_SUBFIELDS' }],
    [
      'maximizeConversionValue.cpcBidCeilingMicros',
      { maximizeConversionValue: { cpcBidCeilingMicros: '1000000' } },
      { contextError: 'OPERATION_NOT_PERMITTED_FOR_CONTEXT' },
    ],
    [
      'maximize_conversion_value.target_roas',
      { maximizeConversionValue: { targetRoas: 1001 } },
      { rangeError: 'OUT_OF_RANGE' },
    ],
    [
      'urlCustomParameters',
      { urlCustomParameters: [{ key: 'a_b', value: '' }] },
      { stringFormatError: 'ILLEGAL_CHARS' },
    ],
    [
      'urlCustomParameters',
      { urlCustomParameters: [{ key: 'a', value: 'x'.repeat(251) }] },
      { stringLengthError: 'TOO_LONG' },
    ],
    [
      'urlCustomParameters',
      { urlCustomParameters: Array.from({ length: 9 }, (_, index) => ({ key: `k${index}`, value: '' })) },
      { collectionSizeError: 'TOO_MANY' },
    ],
  ])('of a campaign with mask "%s" is refused', async (mask, fields, errorCode) => {
    expect(errorIn(await update('campaigns', 'campaigns/upd', mask, fields))).toEqual(errorCode)
  })

  it('of budget and status stands in the ledger', async () => {
    const [row] = await query("SELECT campaign_budget.id FROM campaign WHERE campaign.id = 'money'")
    const budget = `campaignBudgets/${row.campaignBudget.id}`
    const refused = await update('campaignBudgets', budget, 'amountMicros', { amountMicros: '50000001' })
    expect(errorIn(refused)).toEqual({ campaignBudgetError: 'NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT' })
    expect(
      (await update('campaignBudgets', budget, 'amount_micros', { amountMicros: '50000000' })).json,
    ).toEqual({
      results: [{ resourceName: `${ROOT}/${budget}` }],
    })
    await update('campaigns', 'campaigns/money', 'status', { status: 'PAUSED' })
    expect(sandbox().ledger.applied).toMatchObject([
      { kind: 'budget', campaignId: 'money', amount: 50_000_000 },
      { kind: 'status', campaignId: 'money', status: 'PAUSED' },
    ])
  })
})

describe('access', () => {
  it('ends with an expired token and comes back with a refresh that sends no new refresh token', async () => {
    sandbox().expireGoogleToken()
    const expired = await google('googleAds:search', { query: 'SELECT customer.id FROM customer' })
    expect([expired.status, errorIn(expired)]).toEqual([401, { authenticationError: 'OAUTH_TOKEN_EXPIRED' }])
    const { json } = await refresh()
    expect(json).toEqual({
      access_token: expect.any(String),
      expires_in: 3599,
      scope: 'https://www.googleapis.com/auth/adwords',
      token_type: 'Bearer',
    })
    const search = { query: 'SELECT customer.id FROM customer' }
    expect((await google('googleAds:search', search, json.access_token)).status).toBe(200)
    sandbox().revokeToken('google_ads')
    expect(errorIn(await google('googleAds:search', search, json.access_token))).toEqual({
      authenticationError: 'OAUTH_TOKEN_REVOKED',
    })
    sandbox().revokeRefreshToken()
    expect([(await refresh()).status, (await refresh()).json.error]).toEqual([400, 'invalid_grant'])
  })
})
