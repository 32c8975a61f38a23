import { expect, it, onTestFinished } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { refusal } from '../support/conversion-receiver.ts'
import { type Conversions, event, startConversions } from '../support/conversions.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { goOn } from '../support/harness.ts'
import { folder } from '../support/service.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

it('judges health by the shares and the times of the document, and the worst of both counts', async () => {
  const { service, clock, get } = await startConversions()
  const db = databaseOf(service)
  const cases = [
    // Events, of them not taken, milliseconds of a call.
    [10, 1, 4_999, 'healthy'],
    [1_000, 101, 0, 'degraded'],
    [10, 3, 0, 'degraded'],
    [1_000, 301, 0, 'unhealthy'],
    [1, 0, 5_000, 'degraded'],
    [1, 0, 10_000, 'degraded'],
    [1, 0, 10_001, 'unhealthy'],
    [10, 2, 10_001, 'unhealthy'],
    [10, 4, 7_000, 'unhealthy'],
    [0, 0, 0, 'healthy'],
  ] as const
  for (const [events, failed_events, latency_ms, status] of cases) {
    const minute_ms = Math.floor(clock.nowMs() / MINUTE_MS) * MINUTE_MS
    await db
      .insertInto('conversion_minutes')
      .values({
        ...{ org_id: 1, platform: 'snapchat', minute_ms, calls: 2, failed_calls: 0, circuit_state: 'closed' },
        ...{ events, failed_events, latency_ms: 2 * latency_ms },
      })
      .execute()
    const { body } = await get('/api/v1/conversions/health')
    const shown = body.connectors.find(({ platform }: { platform: string }) => platform === 'snapchat')
    expect(shown).toMatchObject({
      ...{ status, avg_latency_ms: latency_ms, error_count_1h: failed_events },
      events_processed_1h: events - failed_events,
      success_rate_1h: events === 0 ? null : (events - failed_events) / events,
    })
    expect(shown.issues.length > 0).toBe(status !== 'healthy')
    const { body: past } = await get('/api/v1/conversions/health/history?hours=1&platform=snapchat')
    const sent = past.history.filter(({ caveat }: { caveat: string | null }) => caveat === null)
    expect(sent).toMatchObject([{ status, error_count: failed_events }])
    await db.deleteFrom('conversion_minutes').execute()
  }
})

it('counts what a platform refuses against its health, at once or later, and each event once', async () => {
  const { post, ended, get, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
  const user_data = {
    email: 'ann@x.example',
    client_user_agent: 'Mozilla/5.0',
    client_ip_address: '203.0.113.7',
  }
  for (const id of ['e1', 'e2']) {
    sandbox.conversions.refuse('meta_conversions', id, false)
    sandbox.conversions.refuse('tiktok_conversions', id, true)
  }
  const told = {
    requestStatus: 'PARTIAL_SUCCESS',
    errorInfo: { errorCounts: [{ reason: 'EVENT_TOO_OLD', recordCount: '5' }] },
    eventsIngestionStatus: { recordCount: '16' },
  }
  sandbox.faults.add({
    ...{ platform: 'google_data_manager', method: 'GET' },
    fault: { is: 'instead', text: JSON.stringify({ requestStatusPerDestination: [told] }) },
  })
  const platforms = ['meta', 'tiktok', 'google']
  await post(Array.from({ length: 16 }, (_, at) => ({ event_id: `e${at}`, platforms, user_data })))
  for (let at = 0; at < 16; at++) await ended(`e${at}`)
  const { body } = await get('/api/v1/conversions/health')
  const byName = Object.fromEntries(body.connectors.map((one: { platform: string }) => [one.platform, one]))
  const refusedTwo = {
    events_processed_1h: 14,
    error_count_1h: 2,
    success_rate_1h: 0.875,
    status: 'degraded',
  }
  expect(byName).toMatchObject({
    meta: refusedTwo,
    tiktok: refusedTwo,
    google: { events_processed_1h: 11, error_count_1h: 5, status: 'unhealthy' },
  })
})

it('records who has changed connections and mappings, from what to what, and no secret', async () => {
  const { send, get } = await startConversions()
  const connection = '/api/v1/conversions/connections/meta'
  const put = (credentials: object, settings: object) => send('PUT', connection, { credentials, settings })
  await put({ pixel_id: '77', access_token: 'hidden-token-1' }, { default_region: 'DE' })
  await send('DELETE', `${connection}?reason=closed`)
  const map = (parameters: object, reason?: string) =>
    send('PUT', '/api/v1/conversions/mappings', {
      mappings: [
        { source_event: 'kept', platform_events: { meta: 'Lead' } },
        { source_event: 'sale', platform_events: { meta: 'Purchase' }, parameters },
      ],
      reason,
    })
  await map({ kind: 'shoe' })
  await map({ kind: 'boot' }, 'boots are no shoes')
  const { body } = await get('/v1/audit?limit=10')
  const sale = (kind: string) => ({ sale: { platform_events: { meta: 'Purchase' }, parameters: { kind } } })
  expect(body.entries).toMatchObject([
    {
      ...{
        action: 'conversions.mappings_set',
        caller: 'local',
        reason: 'boots are no shoes',
        outcome: 'done',
      },
      from: { version: 1, mappings: sale('shoe') },
      to: { version: 2, mappings: sale('boot') },
    },
    { from: { version: 0, mappings: {} }, to: { version: 1, mappings: { kept: {}, ...sale('shoe') } } },
    {
      ...{ action: 'conversions.connection_set', target: 'meta', reason: 'closed' },
      from: { status: 'connected', settings: { default_region: 'DE' }, account: { pixel_id: '77' } },
      to: { status: 'disconnected', settings: { default_region: 'DE' } },
    },
    {
      from: { status: 'connected', settings: {}, account: { pixel_id: '1234567890123456' } },
      to: { status: 'connected', settings: { default_region: 'DE' }, account: { pixel_id: '77' } },
    },
  ])
  expect(body.entries[0].to.mappings).not.toHaveProperty('kept')
  expect(JSON.stringify(body)).not.toMatch(/hidden|EAAsandbox/)
})

it('knows an event for CONVERSION_KEEP_DAYS, what is personal in it no longer than a platform takes it', async () => {
  const harness = await startConversions({ CONVERSION_KEEP_DAYS: '45' })
  const { post, ended, get, send, clock, meta, service } = harness
  const now = () => ({ event_time: clock.nowMs() })
  meta.rule = ({ body }) => (body.data.some(({ event_id }) => event_id === 'dead') ? refusal(100) : undefined)
  await post([{ event_id: 'a', ...now() }])
  await ended('a')
  await post([{ event_id: 'dead', ...now() }])
  await ended('dead')
  const sealed = async () =>
    databaseOf(service)
      .selectFrom('conversion_deliveries')
      .select(['event_id', 'state', 'sealed'])
      .orderBy('event_id')
      .execute()
  expect(await sealed()).toMatchObject([
    { event_id: 'a', state: 'acknowledged', sealed: null },
    { event_id: 'dead', state: 'dead', sealed: expect.any(String) },
  ])

  clock.stall(8 * DAY_MS)
  await passed(harness, async () => (await sealed()).every((row) => row.sealed === null))
  const { body: replayed } = await send('POST', '/api/v1/conversions/dead-letters/replay', { all: true })
  expect(replayed).toMatchObject({ replayed: [], refused: [{ event_id: 'dead', code: 'too_old' }] })
  // Steps in which nothing was sent are there, and say so.
  const { history } = (await get('/api/v1/conversions/health/history?hours=1&platform=meta')).body
  expect(history).toHaveLength(13)
  const unsent = { status: null, success_rate: null, avg_latency_ms: null, circuit_state: null }
  for (const step of history) expect(step).toMatchObject({ ...unsent, caveat: 'nothing was sent' })

  clock.stall(36 * DAY_MS)
  await post([{ event_id: 'b', ...now() }])
  await ended('b')
  const again = async () => (await post([{ event_id: 'a', ...now() }])).body.results[0].status
  // Upkeep has run since.
  await passed(harness, async () => (await rowsOf(service, 'conversion_minutes')) === 1)
  expect(await again()).toBe('duplicate')
  clock.stall(2 * DAY_MS)
  await passed(harness, async () => (await rowsOf(service, 'conversion_deliveries')) === 1)
  expect(await rowsOf(service, 'conversion_events')).toBe(1)
  expect((await get('/api/v1/conversions/events/a')).status).toBe(404)
  expect(await again()).toBe('accepted')
  expect((await get('/api/v1/conversions/events/b')).status).toBe(200)
})

it('sends nothing in live mode by what mock mode was connected to, and is connected again after it', async () => {
  const kept = {
    ...{ DATA_DIR: folder(), ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') },
    API_KEYS: `ops:admin:${hashKey('secret').toString('hex')}`,
  }
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' }
  const connected = async (url: string) => {
    const response = await fetch(`${url}/api/v1/conversions/connections`, { headers })
    const { connections } = Object(await response.json())
    return connections.map(({ platform }: { platform: string }) => platform)
  }
  const live = async () =>
    startService(
      parseConfig({
        ...{ ...kept, PORT: '0', STORE: 'memory', MOCK_MODE: 'false', LOG_LEVEL: 'error' },
        ...{ META_ACCESS_TOKEN: 'a', META_BUSINESS_ID: '1', META_URL: 'http://127.0.0.1:9' },
        CONVERSION_APIS: JSON.stringify({ meta: { graph: { baseUrl: 'http://127.0.0.1:9' } } }),
      }),
      { clock: new FakeClock(), log: createLog('fatal') },
    )
  const mock = await startConversions(kept)
  const all = await connected(mock.url)
  expect(all).toEqual(expect.arrayContaining(['meta', 'google', 'tiktok', 'snapchat']))
  const tried = { events: [event({ event_time: mock.clock.nowMs() })] }
  const post = async (url: string) => {
    const body = JSON.stringify(tried)
    const response = await fetch(`${url}/api/v1/conversions/events`, { method: 'POST', headers, body })
    return Object(await response.json()).results
  }
  expect(await post(mock.url)).toMatchObject([{ status: 'accepted' }])
  expect(await post(mock.url)).toMatchObject([{ status: 'duplicate' }])
  const credentials = { pixel_id: '77', access_token: 'of-somebody' }
  await mock.send('PUT', '/api/v1/conversions/connections/snapchat', { credentials }, headers)
  await mock.service.stop()

  const service = await live()
  onTestFinished(() => service.stop())
  expect(await connected(service.url)).toEqual(['snapchat'])
  expect(await post(service.url)).toMatchObject([{ status: 'rejected', reason: 'meta is not connected' }])
  const put = { method: 'PUT', headers, body: JSON.stringify({ credentials }) }
  await fetch(`${service.url}/api/v1/conversions/connections/meta`, put)
  expect(await post(service.url)).toMatchObject([{ status: 'accepted' }])
  await service.stop()
  expect((await connected((await startConversions(kept)).url)).toSorted()).toEqual(all.toSorted())
})

function databaseOf({ reads }: Conversions['service']) {
  if (!reads) throw new Error('nothing is read')
  return reads.store.db
}

async function rowsOf(
  service: Conversions['service'],
  table: 'conversion_minutes' | 'conversion_deliveries' | 'conversion_events',
): Promise<number> {
  const row = await databaseOf(service)
    .selectFrom(table)
    .select(({ fn }) => fn.countAll().as('rows'))
    .executeTakeFirst()
  return Number(row?.rows)
}

/** Lets upkeep run until it has done this. */
async function passed({ clock }: Conversions, isDone: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await isDone()) return
    await goOn()
    clock.stall(MINUTE_MS)
  }
  throw new Error('it was never done')
}
