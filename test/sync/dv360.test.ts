import { describe, expect, it, onTestFinished } from 'vitest'
import { startPlayedReads } from '../support/played-reads.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'

async function connected(environment: Record<string, string> = {}) {
  const reads = await startPlayedReads(environment)
  const { body } = await reads.connect('DV360', { account_id: '77' })
  return { reads, body, asked: reads.asked, id: String(body.connector_id) }
}
const november = {
  report_type: 'line_item_performance',
  date_range: { start: '2026-11-01', end: '2026-11-03' },
  fields: ['impressions', 'cost_micros', 'line_item_name'],
}

describe('Display & Video 360 through the read stack', () => {
  it('knows the advertisers of every partner', async () => {
    const { body } = await connected()
    expect(body).toMatchObject({
      status: 'connected',
      accounts: [
        { id: '77', name: 'Acme' },
        { id: '78', name: 'Acme Japan' },
        { id: '79', name: 'Acme US' },
      ],
    })
  })

  it.each(ENGINES)('orders a report once, waits for it and reads its days on %s', async (engine) => {
    const environment = await environmentOn(engine)
    const { reads, id, asked } = await connected(environment)
    if (engine === 'PostgreSQL') onTestFinished(() => reads.service.stop())
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6, caveats: [] } })
    expect(asked('/v2/queries', 'POST')).toBe(2)
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows[3]).toEqual({
      date: '2026-11-02',
      line_item_id: '161',
      line_item_name: 'Line Item 1, "Winter"',
      impressions: 1010,
      cost_micros: 11_234_567,
      account_id: '77',
      account_currency: 'EUR',
      account_timezone: 'Europe/Berlin',
    })
  })

  it('downloads again after the storage has refused once, and orders nothing again', async () => {
    const { reads, id, asked } = await connected()
    reads.sandbox.faults.add({
      platform: 'bid_manager',
      path: '.csv',
      fault: { is: 'error', name: 'UNAVAILABLE' },
    })
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 6 } })
    expect(asked('.csv')).toBeGreaterThan(1)
    expect(asked(':run')).toBe(1)
  })

  it('reads campaigns, insertion orders and line items, whatever the number of pages', async () => {
    const { reads, id, asked } = await connected()
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows.map(({ level }) => level).sort()).toEqual([
      ...['campaign', 'campaign', 'campaign', 'insertion_order'],
      ...['line_item', 'line_item', 'line_item', 'line_item'],
    ])
    expect(rows).toContainEqual(
      expect.objectContaining({
        id: '7721',
        parent_id: '7711',
        status: 'PAUSED',
        fixed_bid_micros: 1_500_000,
      }),
    )
    expect(asked('/lineItems')).toBe(2)
  })

  it('reads only what was changed since, and sees what was archived', async () => {
    const { reads, id, asked } = await connected()
    const first = await reads.fetched(id, { report_type: 'line_item_changes' })
    expect(first.body.result.records_fetched).toBe(5)
    expect(asked('/lineItems')).toBe(3)
    await reads.fetched(id, { report_type: 'line_item_changes' })
    expect(asked('/lineItems')).toBe(4)
  })

  it('downloads structured data files once they are made', async () => {
    const { reads, id, asked } = await connected()
    const done = await reads.fetched(id, { report_type: 'sdf' })
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 8 } })
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows).toContainEqual(
      expect.objectContaining({ file: 'LineItems', record_id: '7720', 'Io Id': '7711' }),
    )
    expect(rows).toContainEqual(
      expect.objectContaining({ file: 'Campaigns', record_id: '7703', Status: 'ENTITY_STATUS_DRAFT' }),
    )
    expect(asked('/sdfdownloadtasks', 'POST')).toBe(1)
  })

  it.each([
    ['RATE_LIMIT_EXCEEDED', 60_000],
    ['RETRY_INFO', 7_500],
  ])('waits its time after %s and does not order again', async (name, waitMs) => {
    const { reads, id, asked } = await connected()
    reads.sandbox.faults.add({ platform: 'bid_manager', path: '/reports/', fault: { is: 'error', name } })
    const begunMs = reads.clock.nowMs()
    const done = await reads.fetched(id, november)
    expect(done.body.status).toBe('completed')
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(waitMs)
    expect(asked(':run')).toBe(1)
  })

  it('says that access is lost, instead of finding nothing', async () => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({
      platform: 'dv360',
      path: '/campaigns',
      fault: { is: 'error', name: 'SCOPE_INSUFFICIENT' },
    })
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('reconnect') })
  })

  it('is not called where it fails, though other calls work, and read where it works', async () => {
    const { reads, id } = await connected()
    const fault = { is: 'error', name: 'INTERNAL' } as const
    reads.sandbox.faults.add({ platform: 'bid_manager', path: '/reports/', times: 'always', fault })
    const { breakers } = reads.service.reads ?? {}
    const calling = { type: 'DV360', orgId: 1, connectorId: id } as const
    // Ordering and running a report work each time, so the failures are never five in a row.
    for (let turn = 0; turn < 4 && !breakers?.isOpen(calling); turn++) {
      const asked = {
        connector_id: id,
        ...november,
        date_range: { start: `2026-11-0${turn + 1}`, end: '2026-11-09' },
      }
      const { body } = await reads.send('POST', '/api/v1/connectors/fetch', asked)
      await reads.ended(body.request_id, () => breakers?.isOpen(calling) === true)
    }
    expect([breakers?.closedInMs(calling, 'reports'), breakers?.closedInMs(calling, 'entities')]).toEqual([
      expect.any(Number),
      0,
    ])
    expect(breakers?.isOpen(calling)).toBe(true)
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    expect(done.body.status).toBe('completed')
  })

  it('synchronises everything it can read', async () => {
    const { reads, id } = await connected()
    await reads.send('POST', `/api/v1/connectors/${id}/sync`)
    const job = await reads.settled(id)
    expect(job).toMatchObject({ status: 'completed', error: null })
  })
})
