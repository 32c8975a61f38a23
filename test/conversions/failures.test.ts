import { describe, expect, it } from 'vitest'
import { type Answer, refusal } from '../support/conversion-receiver.ts'
import { startConversions } from '../support/conversions.ts'
import { goOn } from '../support/harness.ts'
import { NOTIFY_SECRET, startReceiver, told } from '../support/receiver.ts'

const HOUR_MS = 3_600_000

describe('a platform that fails', () => {
  it.each<[string, Answer]>([
    ['is throttling', refusal(4, 1504022)],
    ['says when to come again', { status: 429, body: 'slow down', headers: { 'retry-after': '7' } }],
    ['answers with a web page', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['answers with what is no JSON', { status: 200, body: '{"events_received":' }],
    ['cuts the connection', { is: 'cut' }],
    ['takes the event and cuts the connection', { is: 'take_and_cut' }],
    ['fails in its own words', refusal(2, undefined, 500)],
  ])('%s: the same ids go again, and are counted once', async (_, answer) => {
    const { post, meta, ended } = await startConversions()
    const answers = [answer]
    meta.rule = () => answers.shift()
    await post([{}])
    expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged', attempts: 2 })
    expect([...meta.counted.values()]).toEqual([1])
  })

  it('is left alone after five failures in a row, and tried again after a minute', async () => {
    const receiver = await startReceiver()
    const harness = await startConversions({
      ...{ NOTIFY_URL: receiver.url, NOTIFY_SECRET, NOTIFY_EVENTS: 'conversion_health_changed' },
    })
    const { post, meta, ended, until, clock, service, metrics } = harness
    meta.rule = () => refusal(2, undefined, 500)
    await post([{}])
    const health = await until(
      '/api/v1/conversions/health',
      ({ connectors }) =>
        connectors.find(({ platform }: { platform: string }) => platform === 'meta').circuit_state === 'open',
    )
    expect(health.body.status).toBe('unhealthy')
    const events = await eventsOf(service)
    expect(events.map(({ type, subject }) => [type, subject])).toEqual([['circuit_opened', 'meta']])
    const calls = meta.calls.length
    expect(calls).toBe(5)
    const metric = await metrics()
    expect(metric('bidwarden_conversion_breakers{platform="meta",state="open"}')).toBe(1)
    expect(
      metric('bidwarden_conversion_call_duration_seconds_count{platform="meta",outcome="transient"}'),
    ).toBe(5)
    expect(metric('bidwarden_conversion_deliveries_total{platform="meta",result="unknown"}')).toBe(5)
    clock.advance(30_000)
    meta.rule = () => undefined
    expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged' })
    expect([...meta.counted.values()]).toEqual([1])
    // It was as bad for an hour; then nothing is known against it.
    clock.advance(2 * HOUR_MS)
    const changes = async () => {
      const all = await eventsOf(service)
      return all
        .filter(({ type }) => type === 'conversion_health_changed')
        .map(({ data }) => JSON.parse(data))
    }
    for (let turn = 0; (await changes()).length < 2 && turn < 500; turn++) {
      await goOn()
      clock.advance(60_000)
    }
    expect(await changes()).toMatchObject([
      { platform: 'meta', from: 'healthy', to: 'unhealthy' },
      { platform: 'meta', from: 'unhealthy', to: 'healthy' },
    ])
    await told(harness, receiver, 2)
    expect(receiver.events()).toMatchObject([
      { type: 'conversion_health_changed', subject: 'meta', data: { to: 'unhealthy' } },
      { subject: 'meta', data: { from: 'unhealthy', to: 'healthy', issues: [] } },
    ])
  })

  it('may have taken an event: within its window the same ids go again, after it never', async () => {
    const { post, meta, ended, send, get } = await startConversions()
    meta.rule = () => ({ is: 'cut' })
    await post([{}])
    const dead = await ended('ord-1', HOUR_MS)
    expect(dead).toMatchObject({ state: 'dead', code: 'outcome_unknown' })
    const { body } = await send('POST', '/api/v1/conversions/dead-letters/replay', { all: true })
    expect(body).toMatchObject({
      replayed: [],
      refused: [{ event_id: 'ord-1', platform: 'meta', code: 'would_count_twice' }],
    })
    expect((await get('/api/v1/conversions/dead-letters')).body.dead_letters).toHaveLength(1)
  })
})

describe('a connection that is not accepted any more', () => {
  it('stops in the middle of a batch and keeps its deliveries until it has other credentials', async () => {
    const { post, meta, ended, until, send, statesOf, clock, metrics } = await startConversions()
    const answers = [refusal(100), refusal(190, 460, 401)]
    meta.rule = () => answers.shift()
    await post([{ event_id: 'a' }, { event_id: 'b' }, { event_id: 'c' }])
    const { body } = await until('/api/v1/conversions/connections', ({ connections }) =>
      connections.some(({ status }: { status: string }) => status === 'error'),
    )
    expect(body.connections.find(({ platform }: { platform: string }) => platform === 'meta').status).toBe(
      'error',
    )
    for (const id of ['a', 'b', 'c']) expect(await statesOf(id)).toEqual({ meta: 'pending' })
    const calls = meta.calls.length
    await post([{ event_id: 'd' }])
    expect(meta.calls).toHaveLength(calls)
    const lost = 'bidwarden_conversion_connections{platform="meta",status="error"}'
    let metric = await metrics()
    for (let turn = 0; metric(lost) !== 1 && turn < 500; turn++) {
      clock.stall(turn === 0 ? 3 * HOUR_MS : 60_000)
      await goOn()
      metric = await metrics()
    }
    expect(metric(lost)).toBe(1)
    expect(metric('bidwarden_conversions_waiting{platform="meta"}')).toBe(4)
    expect(metric('bidwarden_conversions_oldest_seconds{platform="meta"}')).toBeGreaterThanOrEqual(3 * 3_600)
    expect(metric('bidwarden_conversion_batch_events_count{platform="meta"}')).toBe(2)
    await send('PUT', '/api/v1/conversions/connections/meta', {
      credentials: { pixel_id: '77', access_token: 'another' },
    })
    for (const id of ['a', 'b', 'c', 'd']) expect(await ended(id)).toMatchObject({ state: 'acknowledged' })
    expect(meta.calls.at(-1)?.url).toContain('/77/events')
  })
})

describe('a refused batch', () => {
  it('loses the event that the platform names, and no other', async () => {
    const { post, meta, ended } = await startConversions()
    meta.rule = ({ body }) => {
      const at = body.data.findIndex(({ event_id }) => event_id === 'e2')
      if (at < 0) return undefined
      return {
        status: 400,
        body: { error: { code: 100, message: 'Invalid parameter', error_user_msg: `data[${at}] is bad` } },
      }
    }
    await post(['e1', 'e2', 'e3'].map((event_id) => ({ event_id })))
    expect(await ended('e2')).toMatchObject({ state: 'dead', code: '100' })
    expect(await ended('e3')).toMatchObject({ state: 'acknowledged' })
    expect(meta.calls).toHaveLength(2)
  })

  it('has several bad events', async () => {
    const { post, meta, ended } = await startConversions()
    const bad = new Set(['e3', 'e4', 'e40', 'e63'])
    meta.rule = ({ body }) =>
      body.data.some(({ event_id }) => bad.has(String(event_id))) ? refusal(100) : undefined
    await post(Array.from({ length: 64 }, (_, at) => ({ event_id: `e${at}` })))
    for (let at = 0; at < 64; at++)
      expect(await ended(`e${at}`)).toMatchObject({ state: bad.has(`e${at}`) ? 'dead' : 'acknowledged' })
    expect(meta.counted.size).toBe(60)
  })

  it('is sent again without a click id that the platform cannot read', async () => {
    const { post, meta, ended } = await startConversions()
    meta.rule = ({ body }) =>
      body.data.some(({ user_data }) => JSON.stringify(user_data).includes('fbc'))
        ? refusal(100, 2804001)
        : undefined
    await post([
      {
        user_data: {
          email: 'ann@x.example',
          client_user_agent: 'Mozilla/5.0',
          fbc: 'fb.1.1795172400000.abc',
        },
      },
    ])
    expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged' })
    expect(meta.calls).toHaveLength(2)
  })
})

/** Events of the organisation that this database has. */
async function eventsOf({ reads }: Awaited<ReturnType<typeof startConversions>>['service']) {
  if (!reads) throw new Error('nothing is read')
  return reads.store.db.selectFrom('events').select(['type', 'subject', 'data']).orderBy('seq').execute()
}
