import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { forgetOld } from '../../src/sync/forget-old.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'
import { startReads } from '../support/reads.ts'

const DAY_MS = 86_400_000

describe('what is old', () => {
  it.each(ENGINES)('is deleted with its files, and nothing else, on %s', async (engine) => {
    const environment = await environmentOn(engine)
    const reads = await startReads(environment)
    onTestFinished(() => reads.service.stop())
    const sync = reads.service.reads
    if (!sync) throw new Error('reads are off')
    const { store, files } = sync
    const forgetAfter = (days: number) => {
      const clock = new FakeClock()
      clock.advance(days * DAY_MS)
      return forgetOld({ store, clock, files, keep: { requests: 90, events: 7, rows: 60, fileBytes: 1e9 } })
    }
    const count = async (table: 'connector_requests' | 'fetch_jobs' | 'events') =>
      (await store.db.selectFrom(table).select('id').execute()).length
    const dates = async () =>
      (await store.db.selectFrom('report_rows').select('date').orderBy('date').execute()).map(
        ({ date }) => date,
      )
    reads.platform.rows = [
      { date: '2026-09-10', id: 'a', clicks: 1 },
      { date: '2026-11-02', id: 'a', clicks: 2 },
    ]
    await reads.connect()
    const range = { start: '2026-09-10', end: '2026-11-07' }
    const { body } = await reads.fetchReport({ date_range: range })
    const done = await reads.ended(body.request_id)
    const file = fileURLToPath(done.body.result.storage_location)
    await store.db.updateTable('events').set({ published_at: '2026-11-20T12:00:00.000Z' }).execute()
    expect([await dates(), existsSync(file)]).toEqual([['2026-09-10', '2026-11-02'], true])

    await forgetAfter(8)
    expect([await count('events'), await count('connector_requests'), await count('fetch_jobs')]).toEqual([
      0, 1, 1,
    ])
    expect([await dates(), existsSync(file)]).toEqual([['2026-11-02'], true])

    await forgetAfter(91)
    expect([await count('connector_requests'), await count('fetch_jobs'), existsSync(file)]).toEqual([
      0,
      0,
      false,
    ])
    expect((await reads.get('/api/v1/connectors')).body.connectors).toHaveLength(1)
  })

  it('are files beyond what an organisation may keep; their rows stay', async () => {
    const reads = await startReads()
    onTestFinished(() => reads.service.stop())
    const sync = reads.service.reads
    if (!sync) throw new Error('reads are off')
    reads.platform.rows = [{ date: '2026-11-02', id: 'a', clicks: 2 }]
    await reads.connect()
    const done: { request_id: string; result: { storage_location: string; size_bytes: number } }[] = []
    for (const report_type of ['performance', 'slow']) {
      const { body } = await reads.fetchReport({ report_type })
      done.push((await reads.ended(body.request_id)).body)
      reads.clock.advance(1_000)
    }
    // The same file again: now it is the one that was used last.
    const again = await reads.fetchReport()
    expect(again.body.status).toBe('completed')
    const [kept, gone] = done
    if (!kept || !gone) throw new Error('nothing was read')
    const keep = { requests: 90, events: 7, rows: undefined, fileBytes: kept.result.size_bytes }
    await forgetOld({ store: sync.store, clock: reads.clock, files: sync.files, keep })
    const isThere = ({ result }: typeof kept) => existsSync(fileURLToPath(result.storage_location))
    expect([isThere(kept), isThere(gone)]).toEqual([true, false])
    const path = `/api/v1/connectors/requests/${gone.request_id}`
    expect((await reads.get(path)).body.result.storage_location).toBeNull()
    expect((await reads.get(`${path}/data?format=parquet`)).status).toBe(404)
    expect((await reads.get(`${path}/data`)).body.rows).toHaveLength(1)
    expect((await reads.fetchReport({ report_type: 'slow' })).body).toMatchObject({
      ...{ status: 'queued', merged: true },
    })
  })
})
