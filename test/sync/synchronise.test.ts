import { once } from 'node:events'
import { get } from 'node:http'
import { describe, expect, it } from 'vitest'
import { until } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

const row = (date: string, clicks = 1) => ({ date, id: 'a', clicks })

describe('synchronising a connection', () => {
  it('reads every report, the newest days again, and says what it processed', async () => {
    const reads = await startReads()
    reads.platform.rows = [row('2026-11-18'), row('2026-11-19')]
    const id = await reads.connect()
    const begun = await reads.send('POST', `/api/v1/integrations/${id}/sync`)
    expect(begun.body).toMatchObject({ status: 'running', success: null, retryCount: 0 })
    const path = `/api/v1/integrations/${id}/jobs`
    const first = await reads.until(path, ({ jobs }) => jobs[0].status === 'completed')
    expect(first.body.jobs[0]).toMatchObject({
      ...{ success: true, recordsProcessed: 6, error: null, errors: [], nextSyncAt: null },
    })
    expect(reads.platform.asked).toContain('GET /report?start=2026-10-21&end=2026-11-20&page=0')

    // Three days of late conversions are read again.
    await reads.send('POST', `/api/v1/connectors/${id}/sync`)
    await reads.until(path, ({ jobs }) => jobs.length === 2 && jobs[0].status === 'completed')
    expect(reads.platform.asked).toContain('GET /report?start=2026-11-16&end=2026-11-20&page=0')
  })

  it('tries again after 1, 2, 4, 8 and 16 minutes, then gives it up and says so', async () => {
    const reads = await startReads()
    const id = await reads.connect({ settings: { reports: ['performance'] } })
    const started = reads.clock.nowMs()
    reads.platform.faults.push(...Array.from({ length: 500 }, () => ({ status: 500 })))
    await reads.send('POST', `/api/v1/connectors/${id}/sync`)
    const { body } = await reads.until(
      '/api/v1/connectors/dead-letters',
      ({ dead_letters }) => dead_letters.length > 0,
      20_000,
    )
    expect(body.dead_letters[0]).toMatchObject({
      connector_id: id,
      error: expect.stringContaining('Temporary issue'),
    })
    expect(reads.clock.nowMs() - started).toBeGreaterThan(31 * 60_000)
    const jobs = await reads.get(`/api/v1/integrations/${id}/jobs`)
    expect(jobs.body.jobs).toMatchObject([
      {
        ...{ status: 'failed', success: false, retryCount: 5 },
        errors: [
          { report: 'performance', message: expect.stringContaining('Temporary issue'), retryable: true },
        ],
      },
    ])
  })

  it('says once why several reports failed, and which', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    reads.platform.revoke()
    await reads.send('POST', `/api/v1/connectors/${id}/sync`)
    const { body } = await reads.until(
      '/api/v1/connectors/dead-letters',
      ({ dead_letters }) => dead_letters.length > 0,
    )
    expect(body.dead_letters[0].error).toBe('Please reconnect your account (file, performance, slow)')
  })

  it('ends quietly where its connection is deleted while rows are on their way', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    reads.platform.rows = [row('2026-11-02')]
    const db = reads.service.reads?.store.db
    reads.platform.onAsked = () => void db?.deleteFrom('connectors').where('id', '=', id).execute()
    await reads.fetchReport()
    const messages = () => reads.logged.map(({ msg }) => msg)
    await until(() => messages().some((msg) => /^a job (ended|failed unexpectedly)/.test(String(msg))))
    expect(messages()).toContain('a job ended: its connection was deleted')
    expect(reads.logged.filter(({ level }) => level === 50 || level === 'error')).toEqual([])
  })

  it('runs on a schedule, once for each time it is due', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    const put = (cron: string | null, timezone = 'UTC') =>
      reads.send('PUT', `/api/v1/connectors/${id}/schedule`, { cron, timezone })
    expect((await put('0 13 * * *')).body.next_at).toBe('2026-11-20T13:00:00.000Z')
    expect(await put('* * * * * *')).toMatchObject({ status: 400, body: { field: 'cron' } })
    expect(await put('nonsense')).toMatchObject({ status: 400, body: { field: 'cron' } })
    expect((await put('0 14 * * *', 'Europe/Berlin')).body.next_at).toBe('2026-11-20T13:00:00.000Z')
    for (const name of ['Asia/Kolkata', 'Asia/Calcutta', '+05:30'])
      expect((await put('0 14 * * *', name)).body.next_at).toBe('2026-11-21T08:30:00.000Z')
    expect(await put('0 14 * * *', 'Mars/Olympus')).toMatchObject({
      status: 400,
      body: { field: 'timezone' },
    })
    expect((await put('0 14 * * *', 'Europe/Berlin')).status).toBe(200)
    const path = `/api/v1/integrations/${id}/jobs`
    reads.clock.advance(3_600_000)
    const { body } = await reads.until(path, ({ jobs }) => jobs.length > 0)
    expect(body.jobs).toMatchObject([{ nextSyncAt: '2026-11-21T13:00:00.000Z' }])
    expect((await put(null)).body).toMatchObject({ cron: null })
  })

  it('does not let one report that can never be read spoil the others', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    reads.platform.faults.push({ status: 400 })
    await reads.send('POST', `/api/v1/connectors/${id}/sync`)
    const { body } = await reads.until(
      `/api/v1/integrations/${id}/jobs`,
      ({ jobs }) => jobs[0].status !== 'running',
    )
    expect(body.jobs[0]).toMatchObject({
      status: 'completed',
      error: expect.stringMatching(/^Could not fetch data for \w+: status 400$/),
    })
  })
})

describe('events', () => {
  it('come over server-sent events, as CloudEvents, and go on after the last one seen', async () => {
    const reads = await startReads()
    await reads.connect()
    const listen = async (lastId: string, count: number) => {
      const asked = get(`${reads.service.url}/api/v1/events`, { headers: { 'last-event-id': lastId } })
      const [response] = await once(asked, 'response')
      let text = ''
      for await (const chunk of response) {
        text += chunk
        const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))
        if (events.length >= count) return events
      }
      throw new Error('the stream ended')
    }
    await reads.ended((await reads.fetchReport()).body.request_id)
    const all = await listen('0', 2)
    expect(all).toMatchObject([
      { type: 'oauth_connected', specversion: '1.0', topic: 'connector.events' },
      { type: 'data_fetched' },
    ])
    expect(await listen(String(all[0]?.sequence), 1)).toEqual(all.slice(1))
  })
})
