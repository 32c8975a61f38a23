import { describe, expect, it, onTestFinished } from 'vitest'
import { startPlayedReads } from '../support/played-reads.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'

async function connected(
  more: { account_id?: string; settings?: object } = { account_id: '1001:5001' },
  environment: Record<string, string> = {},
) {
  const reads = await startPlayedReads(environment)
  const { body } = await reads.connect('AMAZON_DSP', more)
  return { reads, body, asked: reads.asked, id: String(body.connector_id) }
}
const november = {
  report_type: 'campaign_performance',
  date_range: { start: '2026-11-01', end: '2026-11-03' },
  fields: ['impressions', 'cost_micros', 'order_name'],
}

describe("Amazon's demand-side platform through the read stack", () => {
  it('knows the advertisers of agencies, page by page', async () => {
    const { body } = await connected()
    expect(body).toMatchObject({
      status: 'connected',
      accounts: [
        { id: '1001:5001', name: 'Acme' },
        { id: '1001:5002', name: 'Acme Canada' },
      ],
    })
  })

  it('talks to the hosts of the region of the connection, also for its tokens', async () => {
    const { reads, body, asked, id } = await connected({ settings: { region: 'EU' } })
    expect(body).toMatchObject({ accounts: [{ id: '2001:6001', name: 'Acme Europe' }] })
    reads.clock.advance(3_600_000)
    expect((await reads.fetched(id, november)).body.status).toBe('completed')
    expect([asked('/eu/token'), asked('/na/')]).toEqual([2, 0])
  })

  it('refuses a region that is not there, and one without advertisers', async () => {
    for (const [region, code] of [
      ['MARS', 'invalid_request'],
      ['FE', 'platform_refused'],
    ])
      expect((await connected({ settings: { region } })).body).toMatchObject({
        code,
        detail: expect.stringContaining('settings.region'),
      })
  })

  it.each(ENGINES)('orders a report once, waits and unpacks it on %s', async (engine) => {
    const environment = await environmentOn(engine)
    const { reads, id, asked } = await connected({ account_id: '1001:5001' }, environment)
    if (engine === 'PostgreSQL') onTestFinished(() => reads.service.stop())
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6, caveats: [] } })
    expect(asked('/dsp/reports', 'POST')).toBe(1)
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows[3]).toEqual({
      date: '2026-11-02',
      order_id: '50012',
      order_name: 'Order 2',
      impressions: 1006,
      cost_micros: 7_500_000,
      account_id: '1001:5001',
      account_currency: 'USD',
      account_timezone: 'America/New_York',
    })
  })

  it('reads a report that was not packed', async () => {
    const { reads, id } = await connected({ account_id: '1001:5002' })
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6 } })
  })

  it('takes the report that is under way when the answer to its order was lost', async () => {
    const { reads, id, asked } = await connected()
    reads.sandbox.faults.add({
      platform: 'amazon',
      method: 'POST',
      path: '/dsp/reports',
      fault: { is: 'reset_after' },
    })
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6 } })
    const statuses = reads.sandbox.ledger.requests.filter(
      ({ method, path }) => method === 'POST' && path.includes('/dsp/reports'),
    )
    expect(statuses.map(({ status }) => status)).toEqual([0, 425])
    expect(asked('/dsp/reports', 'POST')).toBe(2)
  })

  it.each([
    ['TOO_MANY_REQUESTS', 900_000],
    ['TOO_EARLY', 60_000],
  ])('stays away long enough after %s', async (name, waitMs) => {
    const { reads, id, asked } = await connected()
    reads.sandbox.faults.add({ platform: 'amazon', path: '/dsp/reports', fault: { is: 'error', name } })
    const begunMs = reads.clock.nowMs()
    expect((await reads.fetched(id, november)).body.status).toBe('completed')
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(waitMs)
    expect(asked('/dsp/reports', 'POST')).toBe(2)
  })

  it('asks again after a failure that calls itself a success', async () => {
    const { reads, id } = await connected()
    const fault = { is: 'error', name: 'FAILURE_IN_SUCCESS' } as const
    reads.sandbox.faults.add({ platform: 'amazon', path: '/dsp/orders', fault })
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6 } })
  })

  it('synchronises everything it can read', async () => {
    const { reads, id } = await connected()
    await reads.send('POST', `/api/v1/connectors/${id}/sync`)
    expect(await reads.settled(id)).toMatchObject({ status: 'completed', error: null })
  })
})
