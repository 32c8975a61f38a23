import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../src/sandbox/index.ts'
import { startPlayedReads } from '../support/played-reads.ts'

interface Denial {
  readonly type: string
  /** How it is connected, where an address of the platform is not enough. */
  readonly more?: { readonly account_id?: string; readonly settings?: object }
  readonly report: object
  readonly target: FaultRule['platform']
  /** What is refused, and with what. */
  readonly object: string
  readonly name: string
  /** What every grant may ask. */
  readonly proof?: string
}

const campaigns = { report_type: 'campaigns' }
const november = {
  report_type: 'campaign_performance',
  date_range: { start: '2026-11-01', end: '2026-11-05' },
}
const DENIALS: readonly Denial[] = [
  {
    type: 'META',
    report: campaigns,
    target: 'meta',
    object: '/campaigns',
    name: 'code_200',
    proof: 'adaccounts',
  },
  {
    type: 'META',
    report: november,
    target: 'meta',
    object: '/insights',
    name: 'code_10',
    proof: 'adaccounts',
  },
  {
    type: 'META',
    report: campaigns,
    target: 'meta',
    object: '/adsets',
    name: 'code_368',
    proof: 'adaccounts',
  },
  ...['USER_PERMISSION_DENIED', 'CUSTOMER_NOT_ENABLED'].map(
    (name): Denial => ({
      type: 'GOOGLE_ADS',
      report: november,
      target: 'google_ads',
      object: ':searchStream',
      name,
      proof: 'customers:listAccessibleCustomers',
    }),
  ),
  {
    type: 'TTD',
    report: campaigns,
    target: 'tradedesk',
    object: '/campaign/query/advertiser',
    name: 'forbidden',
    proof: '/partner/query',
  },
  {
    type: 'DV360',
    report: campaigns,
    target: 'dv360',
    object: '/insertionOrders',
    name: 'PERMISSION_DENIED',
    proof: '/partners',
  },
  {
    type: 'DV360',
    report: { ...november, report_type: 'line_item_performance' },
    target: 'bid_manager',
    object: '/queries',
    name: 'PERMISSION_DENIED',
    proof: '/partners',
  },
  ...['FORBIDDEN', 'SCOPE_NOT_AUTHORIZED'].map(
    (name): Denial => ({
      type: 'AMAZON_DSP',
      report: campaigns,
      target: 'amazon',
      object: '/dsp/orders',
      name,
      proof: '/v2/profiles',
    }),
  ),
  {
    type: 'GA4',
    report: november,
    target: 'ga4',
    object: ':runReport',
    name: 'PERMISSION_DENIED',
    proof: '/v1beta/accounts',
  },
  {
    type: 'SHEETS',
    more: { settings: { spreadsheet_id: 'sandbox-crm', range: 'CRM', key_column: 'email' } },
    report: { report_type: 'rows' },
    target: 'sheets',
    object: '/spreadsheets/sandbox-crm',
    name: 'PERMISSION_DENIED',
  },
]

async function connected({ type, more }: Denial) {
  const reads = await startPlayedReads()
  const { apiKey: api_key } = reads.sandbox.credentials.tradedesk
  const { body } =
    type === 'TTD'
      ? await reads.send('POST', '/api/v1/connectors', { connector_type: type, api_key })
      : await reads.connect(type, more)
  const id = String(body.connector_id ?? body.id)
  const status = async () => (await reads.get('/api/v1/connectors')).body.connectors[0].status
  const deny = (platform: FaultRule['platform'], path: string, name: string) =>
    reads.sandbox.faults.add({ platform, path, times: 'always', fault: { is: 'error', name } })
  const asked = (path: string) =>
    reads.sandbox.ledger.requests.filter((one) => one.path.includes(path)).length
  return { reads, id, status, deny, asked }
}

describe('a missing permission', () => {
  it.each(DENIALS)('of $type for $object ($name) is that object’s', async (denial) => {
    const { report, target, object, name, proof } = denial
    const { reads, id, status, deny, asked } = await connected(denial)
    deny(target, object, name)
    const before = proof === undefined ? 0 : asked(proof)
    const done = await reads.fetched(id, report)
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('Could not fetch') })
    expect(await status()).toBe('connected')
    // A second refusal within the minute is no second question.
    if (proof === undefined) return
    const once = asked(proof) - before
    await reads.fetched(id, report)
    const own = denial.type === 'GOOGLE_ADS' ? 1 : 0
    expect(asked(proof) - before - once).toBe(own)
    expect(await status()).toBe('connected')

    reads.sandbox.faults.clear()
    expect((await reads.fetched(id, report)).body.status).toBe('completed')
  })

  // Google's list of accounts is part of every question.
  const LOST = DENIALS.filter(({ type, name }) => /META|TTD|GA4|AMAZON/.test(type) && name !== 'code_368')
  it.each(LOST)(
    'of $type for $object ($name) loses the connection where nothing can be listed either',
    async (denial) => {
      const { report, target, object, name, proof = '' } = denial
      const { reads, id, status, deny } = await connected(denial)
      deny(target, object, name)
      deny(target === 'bid_manager' ? 'dv360' : target, proof, name)
      const done = await reads.fetched(id, report)
      expect(done.body).toMatchObject({ status: 'failed', error: 'Please reconnect your account' })
      expect(await status()).toBe('error')
    },
  )

  it.each(['code_200', 'code_10'])(
    'for one campaign (%s) changes neither the connection nor the other campaigns',
    async (name) => {
      const denial = DENIALS[0]
      if (!denial) throw new Error('there is none')
      const { reads, id, status, deny } = await connected(denial)
      const change = (campaign: string, body: object) =>
        reads.send('PATCH', `/api/v1/connectors/${id}/campaigns/${campaign}`, body)
      deny('meta', '/23850001', name)
      for (const body of [{ status: 'paused' }, { daily_budget: 1 }])
        expect(await change('23850001', body)).toMatchObject({
          status: 502,
          body: { code: 'platform_refused' },
        })
      expect(await status()).toBe('connected')
      expect((await change('23850003', { status: 'paused' })).status).toBe(200)
    },
  )
})
