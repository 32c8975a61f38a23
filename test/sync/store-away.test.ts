import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PrivatePostgres, startPostgres } from '../support/postgres.ts'
import { type Reads, startReads } from '../support/reads.ts'
import { smallDisk } from '../support/small-disk.ts'

let server: PrivatePostgres
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

/** A fetch whose platform has not answered yet. */
async function fetching(reads: Reads): Promise<string> {
  reads.platform.rows = [1, 2, 3].map((n) => ({ date: `2026-11-0${n}`, id: 'a', clicks: n }))
  await reads.connect()
  reads.platform.faults.push('hang')
  const { body } = await reads.fetchReport()
  await reads.until('/livez', () => reads.platform.asked.some((call) => call.includes('/report')))
  return body.request_id
}

const begun = ({ send }: Reads) =>
  send('POST', '/api/v1/connectors/oauth/initiate', {
    connector_type: 'DV360',
    callback_url: 'http://127.0.0.1:9/back',
  })

const isAway = ({ service }: Reads) => service.reads?.store.state.is === 'away'

describe('PostgreSQL that goes away while a fetch runs', () => {
  const ways: [string, () => Promise<void>, () => Promise<void>][] = [
    ['crashes', () => server.down('SIGQUIT'), () => server.up()],
    ['is restarted', () => server.down('SIGINT'), () => server.up()],
  ]
  it.each(ways)('and %s fails statements only, and the fetch goes on', async (_, down, up) => {
    const reads = await startReads({ DATABASE_URL: await server.migratedDatabase() })
    const requestId = await fetching(reads)
    await down()
    await reads.until('/livez', () => isAway(reads))
    // Money does without it, and says nothing of it.
    expect(await reads.bid()).toMatchObject({ status: 200 })
    expect(await reads.get('/readyz')).toMatchObject({
      status: 503,
      body: expect.stringMatching(/^connector_store_unavailable: [^\n]+$/),
    })
    const refused = await reads.get(`/api/v1/connectors/requests/${requestId}`)
    expect(refused).toMatchObject({ status: 503, body: { code: 'connector_store_unavailable' } })
    expect(refused.body.detail).not.toContain('127.0.0.1')
    expect(refused.headers.get('retry-after')).toBe('1')

    await up()
    await reads.until('/livez', () => !isAway(reads))
    expect(await reads.get('/readyz')).toMatchObject({ status: 200, body: 'ok' })
    expect((await reads.ended(requestId)).body).toMatchObject({
      status: 'completed',
      result: { records_fetched: 3 },
    })
    // How it is away may change meanwhile: it is being shut down, and then cannot be reached.
    const told = reads.logged.flatMap(({ msg, is }) => (msg === 'the database of connections' ? [is] : []))
    expect(told.filter((is, at) => is !== told[at - 1])).toEqual(['away', 'open'])
  })

  it('because an operator ends its connections in the middle of statements, and the fetch goes on', async () => {
    const url = await server.migratedDatabase()
    const reads = await startReads({ DATABASE_URL: url })
    const requestId = await fetching(reads)
    const operator = new pg.Client({ connectionString: url })
    await operator.connect()
    onTestFinished(() => operator.end())
    const ours = "from pg_stat_activity where application_name = 'bidwarden' and datname = current_database()"
    const count = async (which: string) =>
      Number((await operator.query(`select count(*) as found ${ours} ${which}`)).rows[0].found)

    await operator.query('begin; lock table connector_requests in access exclusive mode')
    const asked = reads.get(`/api/v1/connectors/requests/${requestId}`)
    await expect.poll(() => count("and wait_event_type = 'Lock'")).toBeGreaterThan(0)
    await operator.query(`select pg_terminate_backend(pid) ${ours}`)
    expect(await asked).toMatchObject({ status: 503, body: { code: 'connector_store_unavailable' } })
    expect(await reads.bid()).toMatchObject({ status: 200 })
    await operator.query('commit')
    // What was idle is ended as well.
    await reads.until('/livez', () => !isAway(reads))
    await operator.query(`select pg_terminate_backend(pid) ${ours}`)
    await reads.until('/livez', () => !isAway(reads))
    expect((await reads.ended(requestId)).body).toMatchObject({
      status: 'completed',
      result: { records_fetched: 3 },
    })
  })

  it('for longer than a lease is no death of the process that works on the fetch', async () => {
    const reads = await startReads({
      DATABASE_URL: await server.migratedDatabase(),
      CONNECTOR_TIMEOUT_SECONDS: '150',
    })
    const requestId = await fetching(reads)
    await server.down('SIGQUIT')
    await reads.until('/livez', () => isAway(reads))
    reads.clock.advance(90_000)
    await server.up()
    await reads.until('/livez', () => !isAway(reads))
    expect((await reads.ended(requestId)).body).toMatchObject({
      status: 'completed',
      result: { records_fetched: 3 },
    })
    const jobs = await reads.service.reads?.store.db
      .selectFrom('fetch_jobs')
      .select(['deaths', 'claim'])
      .where('report_type', '=', 'performance')
      .execute()
    expect(jobs).toEqual([{ deaths: 0, claim: 1 }])
  })

  it('and comes back read-only is away until it takes writes', async () => {
    const reads = await startReads({ DATABASE_URL: await server.migratedDatabase() })
    server.setReadOnly(true)
    await reads.until('/livez', () => isAway(reads))
    expect(await begun(reads)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('read-only') },
    })
    server.setReadOnly(false)
    await reads.until('/livez', () => !isAway(reads))
    await reads.connect()
  })
})

it('says that a full disk keeps connections from being stored, and goes on when there is space', async () => {
  const disk = smallDisk()
  const reads = await startReads({ DATA_DIR: disk.directory })
  await reads.connect()
  await disk.fill(0)
  let refused = await begun(reads)
  // What the log has room for is written yet.
  for (let turn = 0; turn < 200 && refused.status === 200; turn++) refused = await begun(reads)
  expect(refused).toMatchObject({
    status: 503,
    body: { code: 'connector_store_unavailable', detail: expect.stringContaining('the disk is full') },
  })
  expect(isAway(reads)).toBe(true)
  expect(await reads.get('/api/v1/connectors')).toMatchObject({ status: 200 })
  disk.makeSpace()
  await reads.until('/livez', () => !isAway(reads))
  expect(await begun(reads)).toMatchObject({ status: 200 })
})
