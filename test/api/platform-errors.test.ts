import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../src/sandbox/index.ts'
import { type Harness, startHarness, until } from '../support/harness.ts'

type Platform = 'google_ads' | 'meta' | 'tradedesk'
/** What the caller gets, and whether the money is gone. */
type Expected = [status: number, code: string, money: 'free' | 'spent']

const REFUSED: Expected = [502, 'platform_refused', 'free']
const THROTTLED: Expected = [429, 'rate_limited', 'free']
const AUTH_LOST: Expected = [503, 'platform_unavailable', 'free']
const UNAVAILABLE: Expected = [503, 'platform_unavailable', 'free']
const UNKNOWN: Expected = [504, 'outcome_unknown', 'spent']

/** The request of a bid that changes something, after a first bid has looked everything up. */
const WRITE: Record<Platform, { method: string; path: string }> = {
  google_ads: { method: 'POST', path: 'googleAds:mutate' },
  meta: { method: 'POST', path: '/c1-adset-1' },
  tradedesk: { method: 'POST', path: '/tradedesk-bid' },
}

const error = (name: string) => ({ is: 'error', name }) as const
const GOOGLE: [string, Expected][] = [
  ...['RESOURCE_TEMPORARILY_EXHAUSTED', 'EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION'].map(
    row(THROTTLED),
  ),
  ...['RESOURCE_EXHAUSTED', 'EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION'].map(row(THROTTLED)),
  ...['INTERNAL_ERROR', 'TRANSIENT_ERROR', 'DEADLINE_EXCEEDED'].map(row(UNKNOWN)),
  ...['CONCURRENT_MODIFICATION'].map(row(UNAVAILABLE)),
  ...['OAUTH_TOKEN_REVOKED', 'OAUTH_TOKEN_DISABLED', 'GOOGLE_ACCOUNT_DELETED'].map(row(AUTH_LOST)),
  ...['TWO_STEP_VERIFICATION_NOT_ENROLLED'].map(row(AUTH_LOST)),
  // Said of one object: the account itself can still be asked.
  ...['CUSTOMER_NOT_ENABLED', 'USER_PERMISSION_DENIED'].map(row(REFUSED)),
  ...['CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION', 'ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT'].map(
    row(REFUSED),
  ),
  ...['INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION'].map(row(REFUSED)),
  ...['BID_TOO_SMALL', 'BID_TOO_BIG', 'BID_TOO_MANY_FRACTIONAL_DIGITS', 'RESOURCE_NOT_FOUND'].map(
    row(REFUSED),
  ),
  ...['NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT', 'MONEY_AMOUNT_TOO_LARGE'].map(row(REFUSED)),
  ...['MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC', 'BUDGET_BELOW_PER_DAY_MINIMUM'].map(row(REFUSED)),
]
const META: [string, Expected][] = [
  ...['code_4', 'code_17_2446079', 'code_32', 'code_613_1487742', 'code_80000', 'code_80004'].map(
    row(THROTTLED),
  ),
  ...['code_80014', 'code_4_1504022', 'code_341'].map(row(THROTTLED)),
  ...['code_1_99', 'code_2', 'code_104', 'code_960'].map(row(UNKNOWN)),
  ...['code_2_1504041', 'code_2_1504042', 'code_100', 'code_100_33'].map(row(REFUSED)),
  ...['code_190_458', 'code_190_460', 'code_190_463', 'code_190_467', 'code_102'].map(row(AUTH_LOST)),
  ...['code_10', 'code_200', 'code_294', 'code_368'].map(row(REFUSED)),
]
const TRADE_DESK: [string, Expected][] = [
  ...['bad_request', 'forbidden', 'not_found', 'gone', 'too_large'].map(row(REFUSED)),
  ...['unauthorized'].map(row(AUTH_LOST)),
  ...['conflict'].map(row(UNAVAILABLE)),
  ...['throttled', 'unavailable'].map(row(THROTTLED)),
  ...['server_error'].map(row(UNKNOWN)),
]
const FAULTS: [FaultRule['fault'], Expected][] = [
  [{ is: 'http', status: 502 }, UNKNOWN],
  [{ is: 'http_after', status: 504 }, UNKNOWN],
  [{ is: 'http', status: 429 }, THROTTLED],
  [{ is: 'reset' }, UNKNOWN],
  [{ is: 'reset_after' }, UNKNOWN],
  [{ is: 'malformed' }, UNKNOWN],
]

function row(expected: Expected): (name: string) => [string, Expected] {
  return (name) => [name, expected]
}

async function expectBid(
  harness: Harness,
  platform: Platform,
  fault: FaultRule['fault'],
  expected: Expected,
) {
  const [status, code, money] = expected
  await harness.bid({ platform, bidAmount: 1 })
  harness.sandbox.faults.add({ platform, ...WRITE[platform], fault })
  const reply = await harness.bid({ platform, bidAmount: 100 })
  expect(reply).toMatchObject({ status, body: { code } })
  expect(harness.service.agent.budget.scope(`platform:${platform}`)).toMatchObject({
    held: 0,
    spent: money === 'spent' ? 101_000_000 : 1_000_000,
  })
  return reply
}

describe('what a platform’s error means for the money', () => {
  it.each(GOOGLE)('google_ads %s', async (name, expected) => {
    await expectBid(await startHarness(), 'google_ads', error(name), expected)
  })

  it.each(META)('meta %s', async (name, expected) => {
    await expectBid(await startHarness(), 'meta', error(name), expected)
  })

  it.each(TRADE_DESK)('tradedesk %s', async (name, expected) => {
    await expectBid(await startHarness(), 'tradedesk', error(name), expected)
  })

  describe.each(['google_ads', 'meta', 'tradedesk'] as const)('%s', (platform) => {
    it.each(FAULTS)('%o', async (fault, expected) => {
      await expectBid(await startHarness(), platform, fault, expected)
    })
  })

  it.each([
    ['google_ads', 'RESOURCE_TEMPORARILY_EXHAUSTED', 30_000],
    ['google_ads', 'EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION', 1_500],
    ['meta', 'code_80004', 300_000],
    ['tradedesk', 'throttled', 60_000],
    ['tradedesk', 'unavailable', 30_000],
  ] as const)(
    '%s %s is passed on as %d ms, and the platform is left alone for as long',
    async (platform, name, waitMs) => {
      const harness = await startHarness()
      const reply = await expectBid(harness, platform, error(name), THROTTLED)
      expect(reply.body.retryAfterMs).toBe(waitMs)
      const calls = harness.sandbox.ledger.requests.length
      harness.clock.advance(waitMs - 1)
      expect((await harness.bid({ platform, bidAmount: 1 })).status).toBe(429)
      expect(harness.sandbox.ledger.requests).toHaveLength(calls)
      harness.clock.advance(1)
      expect((await harness.bid({ platform, bidAmount: 1 })).status).toBe(200)
    },
  )

  it.each<[string, Platform, unknown]>([
    ['no slot', 'google_ads', { mutateOperationResponses: [] }],
    ['empty slots', 'google_ads', { mutateOperationResponses: [{}, {}] }],
    [
      'another campaign',
      'google_ads',
      {
        mutateOperationResponses: [
          { biddingStrategyResult: { resourceName: 'customers/1234567890/biddingStrategies/900000002' } },
          { campaignResult: { resourceName: 'customers/1234567890/campaigns/other' } },
        ],
      },
    ],
    ['success as text', 'meta', { success: 'true' }],
    ['no success', 'meta', { success: false }],
    ['a list', 'meta', []],
    ['another bid', 'tradedesk', { id: 'other' }],
  ])('takes a success with %s of %s for an unknown outcome', async (_what, platform, answer) => {
    const text = JSON.stringify(answer)
    await expectBid(await startHarness(), platform, { is: 'instead', text }, UNKNOWN)
  })

  it('holds no money and calls it unavailable when only reading failed', async () => {
    const { bid, sandbox, service } = await startHarness()
    sandbox.faults.add({ platform: 'google_ads', path: 'search', fault: { is: 'reset' } })
    expect(await bid()).toMatchObject({ status: 503, body: { code: 'platform_unavailable' } })
    expect(service.agent.budget.scope('platform:google_ads')).toMatchObject({ held: 0, spent: 0 })
  })
})

describe('a platform that has asked for a pause', () => {
  it('is named as the one that refuses, until the pause is over, and our own limit where that refuses', async () => {
    const { bid, sandbox, clock, get } = await startHarness({ GOOGLE_ADS_RATE_LIMIT: '3/60' })
    sandbox.faults.add({
      platform: 'google_ads',
      path: 'search',
      fault: error('RESOURCE_TEMPORARILY_EXHAUSTED'),
    })
    const ours = /^google_ads: our own limit of calls is reached$/
    const theirs = /^google_ads: the platform has asked for a pause$/
    const set = await bid()
    expect(set).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(set.body.detail).not.toMatch(/own limit/)
    for (const fields of [{}, { dryRun: true }])
      expect((await bid(fields)).body).toMatchObject({
        code: 'rate_limited',
        detail: expect.stringMatching(theirs),
      })
    const chosen = await bid({ platform: 'auto' })
    const { candidates } = (await get(`/v1/bids/${chosen.body.bidId}`)).body
    expect(candidates.find((one: { platform: string }) => one.platform === 'google_ads')).toMatchObject({
      excluded: 'it has asked for a pause',
    })
    clock.advance(30_000)
    expect((await bid({ campaignId: 'c9' })).body.detail).toMatch(ours)
  })
})

describe('the first bids on a new campaign', () => {
  /** Five at once; the answer to the request of the first one at `path` is awaited, and so are the others, in vain for 5 s. */
  async function five(path: string, times: number | 'always' = 1) {
    const harness = await startHarness()
    const { bid, sandbox, clock, service } = harness
    sandbox.faults.add({ platform: 'google_ads', path, times, fault: { is: 'hold' } })
    const bids = [1, 2, 3, 4, 5].map((bidAmount) => bid({ bidAmount }))
    const scope = service.agent.budget.scope('platform:google_ads')
    await until(() => scope?.held === 15_000_000)
    await sandbox.faults.whenHeld(1)
    clock.advance(5_000)
    return { ...harness, bids }
  }

  it.each([
    ['reading', 'googleAds:search', 503],
    ['writing', 'googleAds:mutate', 504],
  ])('lose none but the first when its set-up fails at %s', async (_, path, status) => {
    const { bids } = await five(path)
    expect((await Promise.all(bids)).map((one) => one.status).sort()).toEqual([200, 200, 200, 200, status])
  })

  it('wait for one another no longer than 15 s, and hold no money afterwards', async () => {
    const { bids, sandbox, clock, service } = await five('googleAds:search', 'always')
    for (const held of [2, 3, 4]) {
      await sandbox.faults.whenHeld(held)
      clock.advance(5_000)
    }
    const answers = await Promise.all(bids)
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
    expect(answers.filter(({ body }) => /earlier bids on the campaign/.test(body.detail))).toHaveLength(1)
    expect(service.agent.budget.scope('platform:google_ads')).toMatchObject({ held: 0, spent: 0 })
  })
})

describe('a platform that does not answer', () => {
  it('counts the bid as spent when the deadline has passed after sending', async () => {
    const { bid, sandbox, clock, service } = await startHarness()
    sandbox.faults.add({ platform: 'tradedesk', fault: { is: 'hold' } })
    const pending = bid({ platform: 'tradedesk' })
    await sandbox.faults.whenHeld(1)
    clock.advance(5_000)
    expect(await pending).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    expect(service.agent.budget.scope('platform:tradedesk')).toMatchObject({ held: 0, spent: 100_000_000 })
  })

  it('gets its money back once reading the campaign shows that nothing changed', async () => {
    const { bid, sandbox, clock, service, get } = await startHarness()
    await bid({ bidAmount: 1 })
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'reset' } })
    const unknown = await bid({ bidAmount: 100 })
    expect(unknown.status).toBe(504)
    clock.advance(30_000)
    await expectStatus(get, unknown.body.bidId, 'not_placed')
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(1_000_000)
  })

  it('is told placed once reading the campaign shows its own id', async () => {
    const { bid, sandbox, clock, service, get } = await startHarness()
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'reset_after' } })
    const unknown = await bid()
    expect(unknown.status).toBe(504)
    clock.advance(30_000)
    await expectStatus(get, unknown.body.bidId, 'placed')
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(100_000_000)
  })

  it.each([
    ['reset', 'not_placed', 1_000_000],
    ['reset_after', 'placed', 101_000_000],
  ] as const)('on Meta, %s is found out by the caps on the ad sets: %s', async (is, status, spent) => {
    const { bid, sandbox, clock, service, get } = await startHarness()
    await bid({ platform: 'meta', bidAmount: 1 })
    sandbox.faults.add({ platform: 'meta', ...WRITE.meta, fault: { is } })
    const unknown = await bid({ platform: 'meta' })
    clock.advance(30_000)
    await expectStatus(get, unknown.body.bidId, status)
    expect(service.agent.budget.scope('platform:meta')?.spent).toBe(spent)
  })

  it('is told placed by the look-up of a later bid, which overwrites what shows it', async () => {
    const { bid, sandbox, clock, service, get } = await startHarness()
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', times: 2, fault: { is: 'reset_after' } })
    const unknown = [await bid({ bidAmount: 1 }), await bid({ bidAmount: 2 })]
    expect((await bid({ bidAmount: 4 })).status).toBe(200)
    clock.advance(30_000)
    for (const { body } of unknown) await expectStatus(get, body.bidId, 'placed')
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(7_000_000)
  })

  it('gets its money back also where the bid before it got no answer either', async () => {
    const { bid, sandbox, clock, service, get } = await startHarness()
    await bid({ bidAmount: 1 })
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', times: 2, fault: { is: 'reset' } })
    const unknown = [await bid({ bidAmount: 2 }), await bid({ bidAmount: 4 })]
    clock.advance(30_000)
    for (const { body } of unknown) await expectStatus(get, body.bidId, 'not_placed')
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(1_000_000)
  })

  it('stays spent when a later bid has overwritten the value that shows its outcome', async () => {
    const { bid, sandbox, clock, service, get } = await startHarness()
    await bid({ bidAmount: 1 })
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'reset' } })
    const unknown = await bid()
    await bid({ bidAmount: 2 })
    clock.advance(30_000)
    await expectStatus(get, unknown.body.bidId, 'outcome_unknown')
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(103_000_000)
  })
})

const PLATFORM_REFUSED = { status: 502, body: { code: 'platform_refused' } }

describe('credentials', () => {
  it('are renewed when the access token has expired, and the bid is placed', async () => {
    const { bid, sandbox } = await startHarness()
    await bid({ bidAmount: 1 })
    sandbox.expireGoogleToken()
    expect((await bid()).status).toBe(200)
    expect(sandbox.ledger.requests.filter(({ platform }) => platform === 'google_oauth')).toHaveLength(2)
  })

  it('that were revoked mark the platform, spare it calls, and work again once renewed', async () => {
    const { bid, sandbox, get, clock } = await startHarness()
    sandbox.revokeToken('meta')
    const lost = await bid({ platform: 'meta' })
    expect(lost).toMatchObject({ status: 503, body: { code: 'platform_unavailable' } })
    expect(lost.body.detail).toContain('credentials')
    const { platforms } = (await get('/v1/platforms')).body
    expect(platforms[1]).toMatchObject({ platform: 'meta', auth: 'lost' })

    const calls = sandbox.ledger.requests.length
    await bid({ platform: 'meta' })
    expect(sandbox.ledger.requests).toHaveLength(calls)
    sandbox.restoreToken('meta')
    clock.advance(60_000)
    expect((await bid({ platform: 'meta' })).status).toBe(200)
    expect((await get('/v1/platforms')).body.platforms[1].auth).toBe('ok')
  })

  it.each([
    ['meta', '/denied', 'code_200', '/me/adaccounts', 'code_190_467'],
    ['meta', '/denied', 'code_368', '/me/adaccounts', 'code_10'],
    ['meta', '/denied', 'code_10', '/v26.0/700000000000001', 'code_200'],
    ['google_ads', 'googleAds:mutate', 'USER_PERMISSION_DENIED', 'googleAds:search', 'CUSTOMER_NOT_ENABLED'],
    ['google_ads', 'googleAds:mutate', 'CUSTOMER_NOT_ENABLED', 'googleAds:search', 'OAUTH_TOKEN_REVOKED'],
    ['tradedesk', '/tradedesk-bid', 'forbidden', '/partner/', 'forbidden'],
  ] as const)(
    'on %s are kept when %s is refused with %s, and lost only if %s is too',
    async (platform, path, name, proof, refusal) => {
      const { bid, sandbox, get, clock } = await startHarness()
      const isLost = async () =>
        (await get('/v1/platforms')).body.platforms.find(
          (one: { platform: string }) => one.platform === platform,
        ).auth === 'lost'
      const denied = platform === 'meta' ? 'denied' : 'c1'
      for (const campaignId of ['c1', denied]) await bid({ platform, campaignId, bidAmount: 1 })
      sandbox.faults.add({ platform, path, times: 3, fault: error(name) })
      const proofs = () => sandbox.ledger.requests.filter((one) => one.path.includes(proof)).length

      const before = proofs()
      for (let i = 0; i < 2; i++)
        expect(await bid({ platform, campaignId: denied, bidAmount: 2 })).toMatchObject(PLATFORM_REFUSED)
      // A bid on Google Ads that looks its campaign up again searches as well.
      expect(proofs() - before).toBeLessThanOrEqual(platform === 'google_ads' ? 4 : 1)
      expect(await isLost()).toBe(false)
      if (platform === 'meta') expect((await bid({ platform, bidAmount: 3 })).status).toBe(200)

      clock.advance(60_000)
      sandbox.faults.add({ platform, path: proof, times: 'always', fault: error(refusal) })
      expect((await bid({ platform, campaignId: denied, bidAmount: 2 })).status).toBe(503)
      expect(await isLost()).toBe(true)
    },
  )

  it('that cannot be refreshed any more are lost', async () => {
    const { bid, sandbox } = await startHarness()
    sandbox.revokeRefreshToken()
    expect((await bid()).body).toMatchObject({
      code: 'platform_unavailable',
      detail: expect.stringContaining('invalid_grant'),
    })
  })
})

/** Verification reads over HTTP in the background; asks until the record has that status. */
async function expectStatus(get: Harness['get'], bidId: string, status: string): Promise<void> {
  await expect.poll(async () => (await get(`/v1/bids/${bidId}`)).body.status).toBe(status)
}
