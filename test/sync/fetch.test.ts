import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { goOn, until } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

const day = (n: number, id = 'a', clicks = n) => ({
  date: `2026-11-${String(n).padStart(2, '0')}`,
  id,
  clicks,
  surprise: 'x',
})
const days = (...numbers: number[]) => numbers.map((n) => day(n))

describe('fetching a report', () => {
  it('queues it, reads every page, and writes parquet that another tool reads', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1, 2, 3, 4, 5, 9)
    await reads.connect()
    const asked = await reads.fetchReport()
    expect(asked.body).toMatchObject({
      status: 'queued',
      batched_with: [],
      rate_limit_status: { limit: 100 },
    })

    const { body } = await reads.ended(asked.body.request_id)
    expect(body).toMatchObject({
      status: 'completed',
      progress: 100,
      result: { records_fetched: 5, watermark: '2026-11-05', caveats: [] },
    })
    const file = await asyncBufferFromFile(fileURLToPath(body.result.storage_location))
    expect(file.byteLength).toBe(body.result.size_bytes)
    const rows = await parquetReadObjects({ file })
    expect(rows).toHaveLength(5)
    expect(rows[0]).toEqual({
      ...day(1),
      account_id: 'acc-1',
      account_currency: 'EUR',
      account_timezone: 'Europe/Berlin',
    })
    const { key_value_metadata: said } = await parquetMetadataAsync(file)
    expect(said).toContainEqual({ key: 'bidwarden.final_through', value: '2026-11-10' })
  })

  it('merges similar requests into one reading, and gives each the dates and fields it asked for', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1, 2, 3, 4, 5, 6, 7, 8).map((row) => ({ ...row, cost: 2 }))
    await reads.connect()
    // One at a time: while this one gets no answer, the others wait.
    reads.platform.faults.push('hang')
    await reads.fetchReport({ report_type: 'file' })
    await until(() => reads.platform.asked.some((call) => call.startsWith('GET /file')))
    const one = await reads.fetchReport({ date_range: { start: '2026-11-01', end: '2026-11-04' } })
    const two = await reads.fetchReport({ date_range: { start: '2026-11-02', end: '2026-11-05' } })
    const three = await reads.fetchReport({
      date_range: { start: '2026-11-04', end: '2026-11-07' },
      fields: ['cost'],
    })
    expect(three.body.batched_with).toEqual([one.body.request_id, two.body.request_id])
    expect((await reads.get('/api/v1/connectors/queue')).body.queue_status).toMatchObject({
      total_queued: 3,
      your_requests: 3,
      positions: [1, 1, 1],
    })
    const results = await Promise.all([one, two, three].map(({ body }) => reads.ended(body.request_id)))
    expect(results.map(({ body }) => [body.status, body.result.records_fetched])).toEqual([
      ['completed', 4],
      ['completed', 4],
      ['completed', 4],
    ])
    const data = await reads.get(`/api/v1/connectors/requests/${three.body.request_id}/data?format=csv`)
    expect(data.body.split('\r\n')[0]).toBe(
      'date,id,cost,surprise,account_id,account_currency,account_timezone',
    )
    expect(data.body.split('\r\n')[1]).toMatch(/^2026-11-04,a,2,/)
    const first = reads.platform.asked.filter(
      (call) => call.startsWith('GET /report') && call.endsWith('page=0'),
    )
    expect(first).toEqual(['GET /report?start=2026-11-01&end=2026-11-07&page=0'])
  })

  it('reads a downloaded file line by line', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1, 2, 3)
    await reads.connect()
    const { body } = await reads.ended((await reads.fetchReport({ report_type: 'file' })).body.request_id)
    expect(body.result.records_fetched).toBe(3)
    const data = await reads.get(`/api/v1/connectors/requests/${body.request_id}/data`)
    expect(data.body.rows[2]).toMatchObject({ date: '2026-11-03', clicks: 3 })
  })

  it('waits for an asynchronous report without asking for it twice', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1)
    reads.platform.polls = 3
    await reads.connect()
    const { body } = await reads.ended((await reads.fetchReport({ report_type: 'slow' })).body.request_id)
    expect(body.status).toBe('completed')
    expect(reads.platform.asked.filter((call) => call.startsWith('POST /async'))).toHaveLength(1)
  })

  it.each([
    ['an unknown report', { report_type: 'nothing' }, 'report_type'],
    ['an unknown field', { fields: ['clicks', 'nonsense'] }, 'fields'],
    ['reversed dates', { date_range: { start: '2026-11-07', end: '2026-11-01' } }, 'date_range.end'],
    [
      'a date that does not exist',
      { date_range: { start: '2026-02-30', end: '2026-11-01' } },
      'date_range.start',
    ],
    ['too many days', { date_range: { start: '2026-01-01', end: '2026-11-01' } }, 'date_range'],
    [
      'dates before the history',
      { date_range: { start: '2020-01-01', end: '2020-01-02' } },
      'date_range.start',
    ],
    ['no dates', { date_range: undefined }, 'date_range'],
  ])('refuses %s, naming the field', async (_, fields, field) => {
    const reads = await startReads()
    await reads.connect()
    const { status, body } = await reads.fetchReport(fields)
    expect({ status, field: body.field }).toEqual({ status: 400, field })
  })

  it('flags an empty answer where there were rows, and keeps the rows', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1, 2)
    await reads.connect()
    await reads.ended((await reads.fetchReport()).body.request_id)
    reads.platform.rows = []
    const { body } = await reads.ended((await reads.fetchReport({ fresh: true })).body.request_id)
    expect(body.result).toMatchObject({ records_fetched: 2, caveats: [expect.stringContaining('no rows')] })
  })

  it('forgets rows that the platform has no more', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1, 2)
    await reads.connect()
    await reads.ended((await reads.fetchReport()).body.request_id)
    reads.platform.rows = days(2)
    const { body } = await reads.ended((await reads.fetchReport({ fresh: true })).body.request_id)
    expect(body.result.records_fetched).toBe(1)
  })
})

describe('a platform that fails', () => {
  it('is asked three times more, then the request fails and says that it is temporary', async () => {
    const reads = await startReads()
    await reads.connect()
    reads.platform.faults.push(...Array.from({ length: 4 }, () => ({ status: 503 })))
    const { body } = await reads.ended((await reads.fetchReport()).body.request_id)
    expect(body).toMatchObject({ status: 'failed', error: 'Temporary issue: status 503' })
    const again = await reads.send('POST', `/api/v1/connectors/requests/${body.request_id}/retry`)
    expect((await reads.ended(again.body.request_id)).body.status).toBe('completed')
  })

  it('is not asked again for what it refuses', async () => {
    const reads = await startReads()
    await reads.connect()
    reads.platform.faults.push({ status: 400 })
    const { body } = await reads.ended((await reads.fetchReport()).body.request_id)
    expect(body.error).toBe('Could not fetch data for performance: status 400')
    expect(reads.platform.asked.filter((call) => call.startsWith('GET /report'))).toHaveLength(1)
  })

  it('gives the last good data, marked as stale, while its breaker is open', async () => {
    const reads = await startReads()
    reads.platform.rows = days(1, 2)
    await reads.connect()
    await reads.ended((await reads.fetchReport()).body.request_id)
    reads.platform.faults.push(...Array.from({ length: 5 }, () => ({ status: 503 })))
    await reads.ended((await reads.fetchReport({ fresh: true })).body.request_id)
    await reads.fetchReport({ fresh: true })
    const events = () =>
      reads.service.reads?.store.db
        .selectFrom('events')
        .select('type')
        .where('type', '=', 'circuit_opened')
        .execute()
    for (let turn = 0; turn < 400 && (await events())?.length === 0; turn++) {
      await goOn()
      reads.clock.advance(100)
    }
    const stale = await reads.fetchReport({ fresh: true })
    expect(stale.body).toMatchObject({ stale: true, message: 'Data may be stale' })
    // Most of a minute: the breaker lets nothing through before.
    expect(stale.body.estimated_wait_seconds).toBeGreaterThan(20)
    const path = `/api/v1/connectors/requests/${stale.body.request_id}`
    expect((await reads.get(path)).body).toMatchObject({
      stale: true,
      message: 'Data may be stale',
      result: { records_fetched: 2 },
    })
    const data = await reads.get(`${path}/data`)
    expect(data.body).toMatchObject({ metadata: { stale: true }, rows: [{ clicks: 1 }, { clicks: 2 }] })
    expect((await reads.ended(stale.body.request_id)).body.status).toBe('completed')
  })
})

describe('limits', () => {
  it('are kept: a request over the limit waits and says how long', async () => {
    const reads = await startReads({ CONNECTOR_RATE_LIMITS: 'DV360=3/60' })
    await reads.connect()
    reads.platform.rows = days(1, 2, 3, 4, 5, 6, 7)
    const { body } = await reads.fetchReport()
    const path = `/api/v1/connectors/requests/${body.request_id}`
    const waiting = await reads.until(path, ({ message }) => message !== undefined)
    expect(waiting.body).toMatchObject({ status: 'running', message: 'Request queued, ~1 min wait' })
    expect((await reads.ended(body.request_id)).body.result.records_fetched).toBe(7)
  })

  it('hold for everything that waits, whatever is asked for at once', async () => {
    const reads = await startReads({ CONNECTOR_RATE_LIMITS: 'DV360=20/60' })
    await reads.connect()
    const { clock, platform } = reads
    const asked = await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        const day = `2026-0${1 + (n % 9)}-${String(1 + Math.floor(n / 9)).padStart(2, '0')}`
        return reads.fetchReport({
          report_type: n % 2 ? 'performance' : 'file',
          date_range: { start: day, end: day },
        })
      }),
    )
    expect(asked.every(({ status }) => status === 200)).toBe(true)
    const counts: { atMs: number; calls: number }[] = []
    await reads.until(
      '/api/v1/connectors/queue',
      ({ queue_status }) => {
        counts.push({ atMs: clock.elapsedMs(), calls: platform.asked.length })
        return queue_status.your_requests === 0
      },
      500,
    )
    await Promise.all(asked.map(({ body }) => reads.ended(body.request_id)))
    for (const { atMs, calls } of counts) {
      const before = counts.findLast((other) => other.atMs <= atMs - 60_000)
      expect(calls - (before?.calls ?? 0)).toBeLessThanOrEqual(20)
    }
    expect(platform.asked.filter((call) => /^GET .(report|file)/.test(call))).toHaveLength(60)
  })

  it('of the platform are obeyed to the second', async () => {
    const reads = await startReads()
    await reads.connect()
    reads.platform.faults.push({ status: 429, headers: { 'retry-after': '240' } })
    const { body } = await reads.fetchReport()
    const path = `/api/v1/connectors/requests/${body.request_id}`
    const waiting = await reads.until(path, ({ message }) => message !== undefined)
    expect(waiting.body.message).toBe('Request queued, ~4 min wait')
    const askedMs = reads.clock.elapsedMs()
    await reads.ended(body.request_id)
    expect(reads.clock.elapsedMs() - askedMs).toBeGreaterThanOrEqual(238_000)
  })
})
