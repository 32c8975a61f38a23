import { createHmac } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'

const OWN = 'act_700000000000002'
const JAPAN = 'act_700000000000003'
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const performance = (start: string, end: string) => ({
  report_type: 'campaign_performance',
  date_range: { start, end },
})

async function connected(account_id = OWN, environment: Record<string, string> = {}) {
  const reads = await startPlayedReads(environment)
  const { body } = await reads.connect('META', { account_id })
  return { reads, body, id: String(body.connector_id) }
}

describe('Meta through the read stack', () => {
  it('is connected by its dialog, with a token of 60 days in place of one of an hour', async () => {
    const { reads, body } = await connected()
    expect(body).toMatchObject({
      status: 'connected',
      accounts: [
        { id: OWN, name: 'Sandbox account' },
        { id: JAPAN, name: 'Shop in Japan' },
      ],
    })
    expect(reads.asked('/oauth/access_token')).toBe(2)
    expect(reads.asked('/me/adaccounts')).toBe(2)
  })

  it('reads campaigns and ad sets, also archived ones, with yen as they are', async () => {
    const { reads, id } = await connected(JAPAN)
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows).toHaveLength(3 + 4)
    expect(rows).toContainEqual(
      expect.objectContaining({
        level: 'campaign',
        id: 'jp23850002-cbo',
        status: 'PAUSED',
        daily_budget_micros: 100_000_000,
        account_currency: 'JPY',
        account_timezone: 'Asia/Tokyo',
      }),
    )
    expect(rows).toContainEqual(
      expect.objectContaining({ level: 'campaign', id: 'jp23850003', status: 'ARCHIVED' }),
    )
    expect(rows).toContainEqual(
      expect.objectContaining({ id: 'jp23850002-cbo-adset-1', effective_status: 'CAMPAIGN_PAUSED' }),
    )
  })

  it('lists the campaigns that were read by status, name and id, a page at a time', async () => {
    const { reads, id } = await connected(JAPAN)
    const list = async (query = '') => (await reads.get(`/api/v1/connectors/${id}/campaigns${query}`)).body
    expect(await list()).toEqual({
      campaigns: [],
      as_of: null,
      caveat: expect.stringContaining('never read'),
    })
    await reads.fetched(id, { report_type: 'campaigns' })
    const idsOf = ({ campaigns }: { campaigns: { id: string }[] }) => campaigns.map((one) => one.id)
    const all = await list()
    expect(all.as_of).toMatch(/^2026-/)
    expect(idsOf(all)).toHaveLength(3)
    expect(idsOf(await list('?status=paused'))).toEqual(['jp23850002-cbo'])
    expect(idsOf(await list('?status=paused,ARCHIVED'))).toHaveLength(2)
    expect(idsOf(await list('?ids=jp23850003'))).toEqual(['jp23850003'])
    expect(idsOf(await list('?name=no%20such'))).toEqual([])
    expect((await list('?level=ad_set')).campaigns).toHaveLength(4)
    const first = await list('?limit=2')
    const rest = await list(`?limit=2&cursor=${first.next}`)
    expect([...idsOf(first), ...idsOf(rest)]).toEqual(idsOf(all))
    expect(rest.next).toBeUndefined()
    expect((await reads.get(`/api/v1/connectors/${id}/campaigns?level=planet`)).status).toBe(400)
  })

  it('reads a week at once', async () => {
    const { reads, id } = await connected()
    const done = await reads.fetched(id, performance('2026-11-01', '2026-11-07'))
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 21, caveats: [] } })
    expect(reads.asked('/insights', 'POST')).toBe(0)
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows[0]).toEqual({
      date: '2026-11-01',
      campaign_id: '23850001',
      impressions: 158,
      clicks: 38,
      cost_micros: 7_580_000,
      reach: 538,
      purchases: 3,
      purchase_value_micros: 135_750_000,
      roas: 4.58,
      campaign_name: 'Campaign 23850001',
      account_id: OWN,
      account_currency: 'USD',
      account_timezone: 'Europe/Berlin',
    })
  })

  it('has a report made for more, and waits until all of it is there', async () => {
    const { reads, id } = await connected(OWN, { SANDBOX_REPORT_MS: '0' })
    const done = await reads.fetched(id, performance('2026-11-01', '2026-11-20'))
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 60 } })
    expect(reads.asked('/insights', 'POST')).toBe(1)
    // Once not found, then not started, running, complete in part, complete.
    expect(reads.asked('/60230')).toBe(5 + 1)
  })

  it('asks for less until it is not too much', async () => {
    const { reads, id } = await connected(JAPAN)
    const days = await reads.fetched(id, performance('2026-11-01', '2026-11-05'))
    expect(days.body).toMatchObject({ status: 'completed', result: { records_fetched: 15 } })
    // Three lengths of pages at once, then a report.
    expect([reads.asked(`${JAPAN}/insights`, 'GET'), reads.asked(`${JAPAN}/insights`, 'POST')]).toEqual([
      3, 1,
    ])
    const weeks = await reads.fetched(id, performance('2026-11-01', '2026-11-20'))
    expect(weeks.body).toMatchObject({ status: 'completed', result: { records_fetched: 60 } })
    // One that is too much, and its two halves.
    expect(reads.asked(`${JAPAN}/insights`, 'POST')).toBe(1 + 3)
  })

  it('waits as long as the longest header says', async () => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({ platform: 'meta', path: '/insights', fault: { is: 'error', name: 'code_17' } })
    const begunMs = reads.clock.nowMs()
    const done = await reads.fetched(id, performance('2026-11-01', '2026-11-07'))
    expect(done.body.status).toBe('completed')
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(300_000)
  })

  it('calls less as soon as the headers say that the quota is nearly used', async () => {
    const { reads, id } = await connected()
    const remaining = async () =>
      (await reads.get('/api/v1/connectors')).body.connectors[0].rate_limit.remaining
    expect(await remaining()).toBeGreaterThan(150)
    reads.sandbox.faults.add({ platform: 'meta', path: '/insights', fault: { is: 'usage', percent: 97 } })
    await reads.fetched(id, performance('2026-11-01', '2026-11-07'))
    expect(await remaining()).toBeLessThanOrEqual(6)
  })

  it('exchanges its token once a day while it is used, so that it never ends', async () => {
    const { reads, id } = await connected()
    const exchanges = () => reads.asked('/oauth/access_token')
    for (const round of [1, 2]) {
      reads.clock.stall(50 * DAY_MS)
      await reads.fetched(id, performance('2026-11-01', '2026-11-07'))
      const done = await reads.fetched(id, { report_type: 'campaigns' })
      expect([done.body.status, exchanges()]).toEqual(['completed', 2 + round])
    }
  })

  it('goes on with the token it has when an early exchange fails, and tries again in an hour', async () => {
    const { reads, id } = await connected()
    const { faults } = reads.sandbox
    for (const name of ['code_2', 'code_100'])
      faults.add({ platform: 'meta', path: '/oauth/access_token', fault: { is: 'error', name } })
    reads.clock.stall(2 * DAY_MS)
    const exchanged = async () => {
      const done = await reads.fetched(id, { report_type: 'campaigns' })
      expect(done.body.status).toBe('completed')
      return reads.asked('/oauth/access_token') - 2
    }
    expect([await exchanged(), await exchanged()]).toEqual([1, 1])
    reads.clock.stall(HOUR_MS)
    expect([await exchanged(), await exchanged()]).toEqual([2, 2])
    reads.clock.stall(HOUR_MS)
    expect([await exchanged(), await exchanged()]).toEqual([3, 3])
  })

  it.each([
    ['was not used for 60 days', (reads: PlayedReads) => reads.clock.stall(61 * DAY_MS)],
    ['was taken back', (reads: PlayedReads) => reads.sandbox.revokeToken('meta')],
  ])('says that the account has to be connected again when the token %s', async (_, end) => {
    const { reads, id } = await connected()
    end(reads)
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('reconnect') })
    expect((await reads.get('/api/v1/connectors')).body.connectors[0].status).toBe('error')
  })

  it.each([
    [1, 'Error validating client secret.'],
    [101, 'Error validating application. Cannot get application info due to a system error.'],
  ])('tells the operator that the app itself is refused with code %i, and goes on', async (code, message) => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({
      platform: 'meta',
      path: '/oauth/access_token',
      times: 'always',
      fault: {
        is: 'instead',
        status: 400,
        headers: { 'www-authenticate': 'OAuth "Facebook Platform" "invalid_client" "refused"' },
        text: JSON.stringify({ error: { message, code } }),
      },
    })
    reads.clock.stall(2 * DAY_MS)
    expect((await reads.fetched(id, { report_type: 'campaigns' })).body.status).toBe('completed')
    expect(reads.logged.filter(({ msg }) => /client/.test(String(msg)))).toHaveLength(1)
  })

  it('loses the connection when Meta says so below a challenge', async () => {
    const { reads, id } = await connected()
    const add = (path: string, error: object) =>
      reads.sandbox.faults.add({
        platform: 'meta',
        path,
        times: 'always',
        fault: {
          is: 'instead',
          status: 400,
          headers: { 'www-authenticate': 'OAuth "Facebook Platform" "invalid_token" "gone"' },
          text: JSON.stringify({ error: { message: 'The user has not authorized the app', ...error } }),
        },
      })
    add('/oauth/access_token', { code: 190, error_subcode: 458 })
    add('/campaigns', { code: 190, error_subcode: 463 })
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('reconnect') })
  })

  it('takes the grant back at Meta when the connection is deleted', async () => {
    const { reads, id } = await connected()
    const { body } = await reads.send('DELETE', `/api/v1/connectors/${id}`)
    expect(body).toMatchObject({ revoked: true })
    expect(reads.asked('/me/permissions', 'DELETE')).toBe(1)
  })

  it('answers the question whether an address is ours, and takes what is signed over its very bytes', async () => {
    const { reads, id } = await connected()
    const secret = { secret: 'the secret of the app', verify_token: 'a token of ours' }
    const { body } = await reads.send('PUT', `/api/v1/connectors/${id}/webhook`, secret)
    const challenge = (token: string) =>
      reads.get(`${body.path}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`)
    expect(await challenge('a+token+of+ours')).toMatchObject({ status: 200, body: '1158201444' })
    expect((await challenge('the+app+secret')).status).toBe(403)

    // Spaces and escapes as Meta sends them: parsed and written anew they would be others.
    const event = '{"object" : "ad_account", "entry": [{"changes":[{"field":"\\u00e4"}]}]}'
    const signed = (text: string) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', 'the secret of the app').update(text).digest('hex')}`,
    })
    expect((await reads.send('POST', body.path, event, signed(event))).status).toBe(204)
    expect((await reads.send('POST', body.path, event, signed(event))).status).toBe(204)
    expect((await reads.send('POST', body.path, event, signed(`${event} `))).status).toBe(401)
    const events = await reads.service.reads?.store.db
      .selectFrom('events')
      .select('data')
      .where('type', '=', 'webhook_received')
      .execute()
    expect(events).toHaveLength(1)
    expect(JSON.parse(events?.[0]?.data ?? '')).toMatchObject({ payload: { object: 'ad_account' } })
  })

  it.each(ENGINES)('synchronises all it has, on %s', async (engine) => {
    const environment = await environmentOn(engine)
    const { reads, id } = await connected(OWN, environment)
    onTestFinished(() => reads.service.stop())
    const days = 31
    expect(await reads.synchronised(id)).toMatchObject({
      status: 'completed',
      recordsProcessed: 7 + days * 3 + days * 4,
    })
  })
})
