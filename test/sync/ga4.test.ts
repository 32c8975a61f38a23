import { describe, expect, it } from 'vitest'
import { startPlayedReads } from '../support/played-reads.ts'

const november = {
  report_type: 'campaign_performance',
  date_range: { start: '2026-11-01', end: '2026-11-20' },
  fields: ['sessions', 'purchase_revenue'],
}

async function connected(account_id = '1234') {
  const reads = await startPlayedReads()
  const { body } = await reads.connect('GA4', { account_id })
  return { reads, id: String(body.connector_id), body }
}

describe('Google Analytics through the read stack', () => {
  it('reads every page of a report, in the time zone and currency of the property', async () => {
    const { reads, id, body } = await connected()
    const accounts = [
      { id: '1234', name: 'Shop' },
      { id: '5678', name: 'Large shop' },
    ]
    expect(body).toMatchObject({ status: 'connected', accounts })

    const done = await reads.fetched(id, november)

    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 60, caveats: [] } })
    expect(reads.asked(':runReport')).toBe(2)
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows).toHaveLength(60)
    expect(rows[0]).toEqual({
      date: '2026-11-01',
      source: 'facebook',
      medium: 'cpc',
      campaign_id: '301',
      campaign_name: 'Campaign 301',
      sessions: 58,
      purchase_revenue: 135.75,
      account_id: '1234',
      account_currency: 'EUR',
      account_timezone: 'Europe/Berlin',
    })
  })

  it('says what is wrong with a report that is sampled, cut and thresholded', async () => {
    const { reads, id } = await connected('5678')
    const done = await reads.fetched(id, november)
    expect(done.body.result.caveats).toEqual([
      'sampled: 12.5 % of the events were read',
      expect.stringContaining('(other)'),
      expect.stringContaining('few users'),
    ])
  })

  it('goes on with a fresh token when one expires between two pages', async () => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({
      platform: 'ga4',
      path: ':runReport',
      fault: { is: 'error', name: 'UNAUTHENTICATED' },
    })
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 60 } })
    expect(reads.asked('/token')).toBe(2)
  })

  it.each([
    ['CONCURRENT_REQUESTS', 30_000],
    ['TOKENS_PER_PROJECT_PER_HOUR', 1_800_000],
    ['RETRY_INFO', 7_500],
  ])('waits its time after %s', async (name, waitMs) => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({ platform: 'ga4', path: ':runReport', fault: { is: 'error', name } })
    const begunMs = reads.clock.nowMs()
    const done = await reads.fetched(id, november)
    expect(done.body.status).toBe('completed')
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(waitMs)
    expect(reads.asked(':runReport')).toBe(3)
  })

  it('asks again for a page that was cut off', async () => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({ platform: 'ga4', path: ':runReport', fault: { is: 'malformed' } })
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 60 } })
  })

  it('says that the account has to be connected again when the grant was revoked', async () => {
    const { reads, id } = await connected()
    reads.sandbox.expireGoogleToken()
    reads.sandbox.revokeRefreshToken()
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('reconnect') })
    const { body } = await reads.get('/api/v1/connectors')
    expect(body.connectors[0].status).toBe('error')
  })

  it('takes the grant back at Google when the connection is deleted', async () => {
    const { reads, id } = await connected()
    const { body } = await reads.send('DELETE', `/api/v1/connectors/${id}`)
    expect(body).toMatchObject({ revoked: true })
    expect(reads.asked('/revoke')).toBe(1)
  })
})
