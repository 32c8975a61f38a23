import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ENGINES, environmentOn } from '../support/postgres.ts'
import { type Reads, startReads } from '../support/reads.ts'

const MINUTE_MS = 60_000
const day = (n: number) => `2026-11-${String(n).padStart(2, '0')}`
const rows = (...days: number[]) => days.map((n) => ({ date: day(n), id: 'a', clicks: n, cost: 2 }))
const dates = (start: number, end: number) => ({ date_range: { start: day(start), end: day(end) } })
const WEEK = [1, 2, 3, 4, 5, 6, 7]

const readings = ({ platform }: Reads) =>
  platform.asked.filter((call) => call.startsWith('GET /report') && call.endsWith('page=0')).length

async function connected(environment: Record<string, string> = {}): Promise<Reads> {
  const reads = await startReads(environment)
  onTestFinished(() => reads.service.stop())
  reads.platform.rows = rows(...WEEK)
  await reads.connect()
  return reads
}

/** A report of the week that was read a moment ago, by two minutes. */
async function read(environment: Record<string, string> = {}) {
  const reads = await connected(environment)
  const asked = await reads.fetchReport({ fields: ['clicks', 'cost'] })
  const first = await reads.ended(asked.body.request_id)
  reads.clock.advance(2 * MINUTE_MS)
  return { reads, first: first.body }
}

async function datesIn(result: { storage_location: string }): Promise<unknown[]> {
  const file = await asyncBufferFromFile(fileURLToPath(result.storage_location))
  return (await parquetReadObjects({ file })).map((row) => row['date'])
}

describe.each(ENGINES)('a question whose answer was read a moment ago, on %s', (engine) => {
  it('is served by the same rows, and told how old they are', async () => {
    const environment = await environmentOn(engine)
    const { reads, first } = await read(environment)

    const same = await reads.fetchReport({ fields: ['clicks', 'cost'] })
    expect(same.body).toMatchObject({
      ...{ status: 'completed', merged: true, batched_with: [first.request_id] },
      ...{ queue_position: 0, estimated_wait_seconds: 0 },
    })
    expect(same.body.rows_age_seconds).toBeGreaterThanOrEqual(120)
    const shown = await reads.ended(same.body.request_id)
    expect(shown.body).toMatchObject({ result: first.result, cost: 0, merged: true })

    const part = await reads.fetchReport({ ...dates(3, 5), fields: ['clicks'] })
    expect(part.body).toMatchObject({ status: 'queued', merged: true, batched_with: [first.request_id] })
    expect(part.body.rows_age_seconds).toBeGreaterThanOrEqual(120)
    const { body } = await reads.ended(part.body.request_id)
    expect(body.result).toMatchObject({ records_fetched: 3, fetched_at: first.result.fetched_at })
    expect(await datesIn(body.result)).toEqual([day(3), day(4), day(5)])
    const data = await reads.get(`/api/v1/connectors/requests/${body.request_id}/data`)
    expect(data.body.rows.map((row: { date: string }) => row.date)).toEqual([day(3), day(4), day(5)])

    const again = await reads.fetchReport({ ...dates(3, 5), fields: ['clicks'] })
    expect(again.body.status).toBe('completed')
    expect((await reads.ended(again.body.request_id)).body.result).toEqual(body.result)
    expect(readings(reads)).toBe(1)
  })
})

describe('a question like one before', () => {
  it('is asked again where the caller wants it fresh, after five minutes, and for more than was read', async () => {
    const { reads } = await read()
    const asked = [
      { fresh: true },
      { ...dates(5, 8) },
      { fields: ['name'] },
      { report_type: 'file' },
      { fields: ['clicks'] },
    ]
    const merged: boolean[] = []
    for (const question of asked) {
      const { body } = await reads.fetchReport(question)
      merged.push(body.merged)
      await reads.ended(body.request_id)
    }
    expect(merged).toEqual([false, false, false, false, true])
    reads.clock.advance(5 * MINUTE_MS)
    expect((await reads.fetchReport()).body.merged).toBe(false)
  })

  it('waits for the one that has begun, and gets a file of its own dates', async () => {
    const reads = await connected()
    reads.platform.faults.push({ status: 429, headers: { 'retry-after': '60' } })
    const first = await reads.fetchReport()
    const path = `/api/v1/connectors/requests/${first.body.request_id}`
    await reads.until(path, ({ message }) => message !== undefined)
    const part = await reads.fetchReport(dates(2, 3))
    expect(part.body).toMatchObject({ status: 'running', merged: true, rows_age_seconds: null })
    const both = [first, part].map(({ body }) => reads.ended(body.request_id))
    const [whole, own] = await Promise.all(both)
    expect([whole?.body.result.records_fetched, own?.body.result.records_fetched]).toEqual([7, 2])
    expect(whole?.body.batched_with).toEqual([part.body.request_id])
    expect(readings(reads)).toBe(2)
  })

  it('is asked again where the answer had caveats: so a doubt is settled', async () => {
    const { reads } = await read()
    reads.platform.rows = []
    const doubtful = await reads.ended((await reads.fetchReport({ fresh: true })).body.request_id)
    expect(doubtful.body.result.caveats).toHaveLength(1)
    expect((await reads.fetchReport()).body.merged).toBe(false)
  })

  it('is asked again where the last reading failed, or was cancelled under way', async () => {
    const { reads } = await read()
    reads.platform.faults.push({ status: 400 })
    const failed = await reads.ended((await reads.fetchReport({ fresh: true })).body.request_id)
    expect(failed.body.status).toBe('failed')
    const next = await reads.fetchReport()
    expect(next.body.merged).toBe(false)
    await reads.ended(next.body.request_id)
    expect((await reads.fetchReport()).body.merged).toBe(true)

    reads.platform.faults.push({ status: 429, headers: { 'retry-after': '60' } })
    const cancelled = await reads.fetchReport({ fresh: true })
    const path = `/api/v1/connectors/requests/${cancelled.body.request_id}`
    await reads.until(path, ({ message }) => message !== undefined)
    await reads.send('POST', `${path}/cancel`)
    expect((await reads.fetchReport()).body.merged).toBe(false)
  })

  it('is asked again after the account was connected anew, which may be another', async () => {
    const { reads } = await read()
    const [{ id }] = (await reads.get('/api/v1/connectors')).body.connectors
    await reads.connect({ connector_id: id })
    expect((await reads.fetchReport()).body.merged).toBe(false)
  })

  it('is served with the figures of today, but not when a day has ended since', async () => {
    const reads = await connected()
    // Half an hour before midnight in Berlin.
    reads.clock.advance(10.5 * 60 * MINUTE_MS)
    const today = { date_range: { start: day(20), end: day(20) } }
    const ask = async () => {
      const { body } = await reads.fetchReport(today)
      await reads.ended(body.request_id)
      return body.merged
    }
    expect([await ask(), await ask()]).toEqual([false, true])
    reads.clock.advance(27 * MINUTE_MS)
    expect([await ask(), await ask()]).toEqual([false, true])
    reads.clock.advance(3 * MINUTE_MS)
    expect(await ask()).toBe(false)
  })
})
