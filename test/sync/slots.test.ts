import { expect, it } from 'vitest'
import { goOn } from '../support/harness.ts'
import { type Reads, startReads } from '../support/reads.ts'

const reportsAsked = ({ platform }: Reads) => platform.asked.filter((call) => call.includes('/report')).length

it('a cancel breaks off the call under way and frees its place at once', async () => {
  const reads = await startReads({ CONNECTOR_MAX_CONCURRENT: '1' })
  await reads.connect()
  reads.platform.faults.push('hang')
  const hanging = await reads.fetchReport()
  await reads.until('/livez', () => reportsAsked(reads) === 1)
  const next = await reads.fetchReport({ date_range: { start: '2026-09-01', end: '2026-09-02' } })
  const before = reads.clock.nowMs()
  expect(
    await reads.send('POST', `/api/v1/connectors/requests/${hanging.body.request_id}/cancel`),
  ).toMatchObject({
    status: 200,
    body: { status: 'cancelled' },
  })
  // No time passes: not a poll, and not the time limit of the call.
  const path = `/api/v1/connectors/requests/${next.body.request_id}`
  for (let turn = 0; turn < 500 && (await reads.get(path)).body.status !== 'completed'; turn++) await goOn()
  expect(await reads.get(path)).toMatchObject({ body: { status: 'completed' } })
  expect(reads.clock.nowMs()).toBe(before)
})

it('a job during which two processes ended is given up, and says why', async () => {
  const reads = await startReads()
  const connector_id = await reads.connect()
  reads.platform.faults.push('hang')
  await reads.send('POST', `/api/v1/integrations/${connector_id}/sync`, {})
  await reads.until('/livez', () => reportsAsked(reads) === 1)
  const store = reads.service.reads?.store
  // As their leases say it after a crash.
  const died = () =>
    store?.db
      .updateTable('fetch_jobs')
      .set({ lease_owner: 'a process that is gone', lease_until: '2020-01-01T00:00:00.000Z' })
      .where('status', '=', 'running')
      .where('report_type', '=', 'performance')
      .execute()
  await died()
  reads.platform.faults.push('hang')
  await reads.until('/livez', () => reportsAsked(reads) >= 2)
  await died()
  const path = `/api/v1/connectors/requests?connector_id=${connector_id}`
  const { body: all } = await reads.until(path, ({ requests }) =>
    requests.some(({ status }: { status: string }) => status === 'failed'),
  )
  expect(all.requests).toContainEqual(
    expect.objectContaining({
      status: 'failed',
      error: expect.stringContaining('2 processes that worked on it ended'),
    }),
  )
})
