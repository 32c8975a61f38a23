import { describe, expect, it } from 'vitest'
import { startPlayedReads } from '../support/played-reads.ts'

async function connected(settings: object = {}) {
  const reads = await startPlayedReads()
  const { body } = await reads.connect('SHEETS', {
    settings: { spreadsheet_id: 'sandbox-crm', range: 'CRM', key_column: 'email', ...settings },
  })
  const id = String(body.connector_id)
  const read = async () => {
    const done = await reads.fetched(id, { report_type: 'rows' })
    expect(done.body.status).toBe('completed')
    return reads.rowsOf(done.body.request_id)
  }
  const store = (...records: object[]) => reads.send('PUT', `/api/v1/connectors/${id}/records`, { records })
  return { reads, body, id, read, store }
}

describe('a customer list in Google Sheets', () => {
  it('is read with ragged rows, empty lines and a column without heading', async () => {
    const { body, read } = await connected()
    expect(body.accounts).toEqual([{ id: 'sandbox-crm', name: 'Customers' }])
    const rows = await read()
    expect(rows.map(({ _record_key }) => _record_key)).toEqual([
      'a@x.example',
      'b@x.example',
      'c@x.example',
      'd@x.example',
    ])
    expect(rows[0]).toMatchObject({ email: 'a@x.example', ltv: 1200, active: true, note: 'calls back' })
    expect(rows[1]).toMatchObject({ ltv: 90.5, segment: null, account_timezone: 'Europe/Berlin' })
    expect(rows[3]).toMatchObject({ ltv: '0042', column_F: 'seen at the fair' })
  })

  it('takes records by their key, writes only what differs, and can be told again', async () => {
    const { reads, read, store } = await connected()
    const records = [
      { email: 'b@x.example', ltv: 100, segment: 'gold' },
      { email: 'a@x.example', ltv: 1200 },
      { email: 'new@x.example', ltv: 5, note: '=HYPERLINK("https://evil.example")' },
    ]
    expect((await store(...records)).body).toEqual({ added: 1, updated: 1, unchanged: 1 })
    expect((await store(...records)).body).toEqual({ added: 0, updated: 0, unchanged: 3 })

    const rows = await read()
    expect(rows).toHaveLength(5)
    expect(rows.find(({ email }) => email === 'new@x.example')).toMatchObject({
      note: '=HYPERLINK("https://evil.example")',
    })
    expect(rows.find(({ email }) => email === 'b@x.example')).toMatchObject({ ltv: 100, segment: 'gold' })
    expect(
      reads.sandbox.ledger.requests.filter(
        ({ method, path }) => method === 'POST' && path.includes('/values'),
      ),
    ).toHaveLength(2)
  })

  it.each([
    { is: 'reset_after' },
    // Google answers so now and then, and has stored the rows.
    { is: 'http_after', status: 503 },
  ] as const)('appends nothing twice when the answer to an append was lost (%o)', async (fault) => {
    const { reads, read, store } = await connected()
    reads.sandbox.faults.add({ platform: 'sheets', path: ':append', fault })
    const lost = await store({ email: 'new@x.example', ltv: 5 })
    expect(lost).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    expect((await store({ email: 'new@x.example', ltv: 5 })).body).toEqual({
      added: 0,
      updated: 0,
      unchanged: 1,
    })
    expect((await read()).filter(({ email }) => email === 'new@x.example')).toHaveLength(1)
  })

  it.each([
    ['values:batchUpdate', 'b@x.example', {}],
    ['values:batchUpdate', 'b@x.example', { totalUpdatedCells: 0 }],
    [':append', 'new@x.example', { updates: { updatedRange: "'CRM'!A9:F9", updatedRows: 0 } }],
    [':append', 'new@x.example', {}],
  ])('says that nobody knows what was stored when %s answers nothing of it', async (path, email, answer) => {
    const { reads, store } = await connected()
    const fault = { is: 'instead', text: JSON.stringify(answer) } as const
    reads.sandbox.faults.add({ platform: 'sheets', path, fault })
    expect(await store({ email, ltv: 5 })).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
  })

  it('appends nothing twice when two store the same record at once', async () => {
    const { store } = await connected()
    const record = { email: 'new@x.example', ltv: 5 }
    const both = await Promise.all([store(record), store(record)])
    expect(both.map(({ body }) => body.added).sort()).toEqual([0, 1])
  })

  it.each([
    [{ key_column: 'phone' }, { email: 'x' }, 'settings.key_column: phone is not among the columns'],
    [{ key_column: '' }, { email: 'x' }, 'settings.key_column: is needed'],
    [{}, { ltv: 1 }, 'a record has no email'],
    [{}, { email: 'x', colour: 'red' }, 'colour is not among the columns'],
    [{ range: 'CRM!F' }, { email: 'x' }, 'settings.key_column: email is not among the columns'],
    [{ range: 'CRM!?' }, { email: 'x' }, 'is no range such as CRM!A1:F'],
    [{ range: 'Nowhere' }, { email: 'x' }, "there is no sheet Nowhere; there are CRM, It's empty"],
    [{ range: 'CRM!A2000' }, { email: 'x' }, 'lies outside of the sheet'],
  ])('says what is wrong with %o and %o', async (settings, record, problem) => {
    const { store } = await connected(settings)
    expect(await store(record)).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining(problem) },
    })
  })

  it('is not connected without the spreadsheet, or with one that the grant does not reach', async () => {
    const { connect, asked } = await startPlayedReads()
    // Said before anybody has to log in.
    expect(await connect('SHEETS')).toMatchObject({
      status: 400,
      body: { detail: 'settings.spreadsheet_id: is needed', field: 'settings.spreadsheet_id' },
    })
    expect(asked('/')).toBe(0)
    expect(await connect('SHEETS', { settings: { spreadsheet_id: 'other' } })).toMatchObject({ status: 502 })
  })

  it('waits for the next minute when a minute is used up', async () => {
    const { reads, read } = await connected()
    const fault = { is: 'error', name: 'RATE_LIMIT_EXCEEDED' } as const
    reads.sandbox.faults.add({ platform: 'sheets', path: '/values', fault })
    const begunMs = reads.clock.nowMs()
    expect(await read()).toHaveLength(4)
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(60_000)
  })
})
