import { describe, expect, it, onTestFinished } from 'vitest'
import { startPlayedReads } from '../support/played-reads.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'

const performance = {
  report_type: 'campaign_performance',
  date_range: { start: '2026-11-01', end: '2026-11-02' },
}

async function connected(settings: object = {}, environment: Record<string, string> = {}) {
  const reads = await startPlayedReads(environment)
  const { apiKey } = reads.sandbox.credentials.tradedesk
  const { body } = await reads.send('POST', '/api/v1/connectors', {
    connector_type: 'TTD',
    api_key: apiKey,
    settings,
  })
  const platform = async (method: string, path: string, change: object) => {
    const headers = { 'TTD-Auth': apiKey, 'content-type': 'application/json' }
    await fetch(`${reads.sandbox.urls.tradedesk}/v3/${path}`, {
      method,
      headers,
      body: JSON.stringify(change),
    })
  }
  return { reads, body, id: String(body.id), platform }
}

describe('The Trade Desk through the read stack', () => {
  it('is connected with a key, and finds advertisers below every partner', async () => {
    const { body } = await connected()
    expect(body).toMatchObject({
      status: 'connected',
      account_id: 'adv-sandbox',
      accounts: [{ id: 'adv-sandbox', name: 'Sandbox advertiser' }],
      currency: 'USD',
      timezone: 'UTC',
    })
    expect(JSON.stringify(body)).not.toContain('sandbox-ttd-auth')
  })

  it('keeps no connection with a key that is not accepted', async () => {
    const reads = await startPlayedReads()
    const wrong = { connector_type: 'TTD', api_key: 'wrong' }
    const refused = await reads.send('POST', '/api/v1/connectors', wrong)
    expect(refused).toMatchObject({ status: 502, body: { code: 'platform_refused' } })
    expect((await reads.get('/api/v1/connectors')).body.connectors).toEqual([])
  })

  it('reads everything once, and later only what has changed', async () => {
    const { reads, id, platform } = await connected()
    const first = await reads.fetched(id, { report_type: 'campaigns' })
    expect(first.body).toMatchObject({ status: 'completed', result: { records_fetched: 3 + 122 } })
    expect(reads.asked('/v3/adgroup/query/advertiser')).toBe(2)

    await platform('PUT', 'campaign', { CampaignId: 'ttd-c1', Availability: 'Paused' })
    await platform('PUT', 'adgroup', { AdGroupId: 'ttd-c1-ag9', IsEnabled: false })
    reads.clock.advance(600_000)
    const second = await reads.fetched(id, { report_type: 'campaigns' })
    expect(second.body).toMatchObject({ status: 'completed', result: { records_fetched: 3 + 122 } })
    expect(reads.asked('/v3/adgroup/query/advertiser')).toBe(2)
    const rows = await reads.rowsOf(second.body.request_id)
    expect(rows).toContainEqual(
      expect.objectContaining({
        level: 'campaign',
        id: 'ttd-c1',
        status: 'Paused',
        daily_budget_micros: 100e6,
      }),
    )
    expect(rows).toContainEqual(expect.objectContaining({ id: 'ttd-c1-ag9', is_enabled: false }))
    expect(rows).toContainEqual(expect.objectContaining({ id: 'ttd-c1-ag10', is_enabled: true }))
  })

  it('orders a report, waits for it, and fetches the file from where it was sent on to', async () => {
    const { reads, id } = await connected({}, { SANDBOX_REPORT_MS: '0' })
    const done = await reads.fetched(id, performance)
    const caveats = [
      'media_cost_micros is null: the report template has no column Media Cost (Adv Currency)',
      'conversions is null: the report template has no column All Last Click + View Conversions',
    ]
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6, caveats } })
    expect(reads.asked('reportexecution/query')).toBe(3)
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows[0]).toEqual({
      date: '2026-11-01',
      campaign_id: 'ttd-c1',
      campaign_name: 'Campaign ttd-c1',
      impressions: 1258,
      clicks: 10,
      cost_micros: 5_346_500,
      media_cost_micros: null,
      conversions: null,
      'Device Type': 'PC',
      account_id: 'adv-sandbox',
      account_currency: 'USD',
      account_timezone: 'UTC',
    })
  })

  it('finds an order again whose answer was lost', async () => {
    const { reads, id } = await connected()
    const { faults } = reads.sandbox
    const skip = {
      platform: 'tradedesk',
      path: 'reportschedule/query',
      fault: { is: 'latency', ms: 0 },
    } as const
    faults.add(skip)
    faults.add({ platform: 'tradedesk', path: 'myreports/reportschedule', fault: { is: 'reset_after' } })
    const done = await reads.fetched(id, performance)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6 } })
    const orders = reads.sandbox.ledger.requests.filter(({ path }) => path === '/v3/myreports/reportschedule')
    expect(orders).toHaveLength(1)
  })

  it('orders a report again that failed', async () => {
    const { reads, id } = await connected(
      { report_template_ids: { campaign_performance: 198 } },
      { SANDBOX_REPORT_MS: '0' },
    )
    const done = await reads.fetched(id, performance)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6 } })
    expect(reads.asked('reportexecution/query')).toBe(6)
  })

  it('waits as long as it is told to', async () => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({
      platform: 'tradedesk',
      path: 'reportexecution',
      fault: { is: 'error', name: 'throttled' },
    })
    const begunMs = reads.clock.nowMs()
    const done = await reads.fetched(id, performance)
    expect(done.body.status).toBe('completed')
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(60_000)
  })

  it('says that the account has to be connected again when the token was revoked', async () => {
    const { reads, id } = await connected()
    reads.sandbox.revokeToken('tradedesk')
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('reconnect') })
    expect((await reads.get('/api/v1/connectors')).body.connectors[0].status).toBe('error')
  })

  it.each(ENGINES)('synchronises all it has, on %s', async (engine) => {
    const environment = await environmentOn(engine)
    const { reads, id } = await connected({}, environment)
    onTestFinished(() => reads.service.stop())
    const days = 31
    expect(await reads.synchronised(id)).toMatchObject({
      status: 'completed',
      recordsProcessed: 3 + 122 + days * 3 + days * 3,
    })
  })
})
