import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { goOn } from '../support/harness.ts'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'

const COMMON = ['impressions', 'clicks', 'spend', 'conversions', 'date', 'campaign_id']

/** Connects as each platform wants it. */
async function connected(reads: PlayedReads, type: string): Promise<string> {
  if (type !== 'TTD') {
    const account = type === 'GOOGLE_ADS' ? { account_id: '2223334444' } : {}
    return String((await reads.connect(type, account)).body.connector_id)
  }
  const api_key = reads.sandbox.credentials.tradedesk.apiKey
  const { body } = await reads.send('POST', '/api/v1/connectors', { connector_type: type, api_key })
  return String(body.id)
}
const novemberOf = (fields: readonly string[], report_type = 'campaign_performance') => ({
  report_type,
  date_range: { start: '2026-11-01', end: '2026-11-02' },
  fields,
})

describe('reports by names that all platforms share', () => {
  it.each(['DV360', 'TTD', 'META', 'GOOGLE_ADS', 'AMAZON_DSP'])(
    '%s has campaign_performance with spend in units of the currency',
    async (type) => {
      const reads = await startPlayedReads()
      const id = await connected(reads, type)
      const done = await reads.fetched(id, novemberOf([...COMMON, 'cost_micros']))
      expect(done.body).toMatchObject({ status: 'completed', progress: 100 })
      const rows = await reads.rowsOf(done.body.request_id)
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) {
        expect(Object.keys(row)).toEqual(expect.arrayContaining(COMMON))
        expect(row['spend']).toBe(Number(row['cost_micros']) / 1_000_000)
        expect(row['campaign_id']).toEqual(expect.any(String))
      }
      expect(rows.some(({ spend }) => Number(spend) > 0)).toBe(true)
      const without = await reads.fetched(id, novemberOf(['spend']))
      const [first = {}] = await reads.rowsOf(without.body.request_id)
      expect(first).toHaveProperty('spend')
      expect(first).not.toHaveProperty('cost_micros')
    },
  )

  it('keeps both names of a figure the same figure when it is read again by one of them', async () => {
    const reads = await startPlayedReads()
    const id = await connected(reads, 'DV360')
    const first = await reads.fetched(id, novemberOf(['spend']))
    await reads.service.reads?.store.db
      .updateTable('report_rows')
      .set({ data: sql`json_set(data, '$.cost_micros', 5000000)` })
      .execute()
    const rows = await reads.rowsOf(first.body.request_id)
    expect(rows.map(({ spend }) => spend)).toEqual([5, 5, 5, 5])
    const csv = await reads.get(`/api/v1/connectors/requests/${first.body.request_id}/data?format=csv`)
    expect(csv.body.split('\n')[0]).toBe(
      'date,campaign_id,spend,account_id,account_currency,account_timezone\r',
    )
  })

  it('has one name for what lies below a campaign, whatever the platform calls it', async () => {
    const reads = await startPlayedReads()
    const id = await connected(reads, 'META')
    const done = await reads.fetched(id, novemberOf(['ad_group_id', 'clicks'], 'ad_group_performance'))
    expect(done.body).toMatchObject({ status: 'completed', report_type: 'ad_set_performance' })
    const [row = {}] = await reads.rowsOf(done.body.request_id)
    expect(row['ad_group_id']).toBe(row['ad_set_id'])
  })

  it('answers an unknown report, field or report to read by itself with what there is', async () => {
    const reads = await startPlayedReads()
    const id = await connected(reads, 'DV360')
    const report = await reads.fetched(id, novemberOf(['clicks'], 'performance'))
    expect(report).toMatchObject({ status: 400, body: { field: 'report_type' } })
    expect(report.body.detail).toMatch(/no report performance; it has .*campaign_performance.*ad_group_perf/)
    const field = await reads.fetched(id, novemberOf(['conversion_value']))
    expect(field).toMatchObject({ status: 400, body: { field: 'fields' } })
    expect(field.body.detail).toMatch(/no field conversion_value; it has .*spend.*cost_micros/)
    const settings = await reads.connect('DV360', { settings: { reports: ['performance'] } })
    expect(settings).toMatchObject({ status: 400, body: { field: 'settings.reports' } })
  })

  it('lists types, reports and fields; every name that is listed may be asked for', async () => {
    const reads = await startPlayedReads()
    const { body } = await reads.get('/api/v1/connectors/types')
    expect(body.types.map(({ type }: { type: string }) => type).sort()).toEqual([
      ...['AMAZON_DSP', 'DV360', 'GA4', 'GOOGLE_ADS', 'META', 'RESEND', 'SHEETS', 'TTD'],
    ])
    const { body: dv360 } = await reads.get('/api/v1/connectors/types/dv360')
    const report = dv360.reports.find(({ name }: { name: string }) => name === 'campaign_performance')
    expect(report.fields).toContainEqual({
      name: 'spend',
      common: true,
      means: expect.stringContaining('units of the currency'),
      from: 'cost_micros',
    })
    const id = await connected(reads, 'DV360')
    const fields = report.fields.map(({ name }: { name: string }) => name)
    expect((await reads.fetched(id, novemberOf(fields))).body.status).toBe('completed')
    expect(dv360.limits).toContainEqual({ calls_of: 'entities', calls: 50, window_seconds: 60, burst: 50 })
    for (const name of ['Google%20Ads', 'google_ads', 'adwords'])
      expect((await reads.get(`/api/v1/connectors/types/${name}`)).body).toMatchObject({
        type: 'GOOGLE_ADS',
        also: expect.arrayContaining(['Google Ads']),
      })
    expect(await reads.get('/api/v1/connectors/types/MYSPACE')).toMatchObject({ status: 404 })
  })
})

describe('reports of the sandbox, as it is without being told otherwise', () => {
  it.each(['DV360', 'TTD', 'META', 'GOOGLE_ADS', 'AMAZON_DSP'])(
    '%s has one within a second, and its progress moves meanwhile',
    async (type) => {
      const reads = await startPlayedReads({ SANDBOX_REPORT_MS: '' })
      const id = await connected(reads, type)
      const asked = await reads.send('POST', '/api/v1/connectors/fetch', {
        connector_id: id,
        ...novemberOf(['clicks']),
      })
      const path = `/api/v1/connectors/requests/${asked.body.request_id}`
      const seen = new Set<number>()
      const beganMs = reads.clock.elapsedMs()
      for (let status = ''; status !== 'completed'; ) {
        const { body } = await reads.get(path)
        status = body.status
        expect(status).not.toBe('failed')
        seen.add(body.progress)
        // What is under way in earnest goes on first, then a moment of fake time passes.
        await goOn()
        reads.clock.advance(10)
      }
      expect(reads.clock.elapsedMs() - beganMs).toBeLessThanOrEqual(1_000)
      // The others are answered at once.
      if (!['GOOGLE_ADS', 'META'].includes(type)) expect(seen.size).toBeGreaterThan(2)
    },
  )
})
