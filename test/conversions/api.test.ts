import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { refusal } from '../support/conversion-receiver.ts'
import { event, startConversions } from '../support/conversions.ts'
import { environmentOn } from '../support/postgres.ts'

const ENGINES = [
  ['sqlite', async (): Promise<Record<string, string>> => ({})],
  ['postgres', () => environmentOn('PostgreSQL')],
] as const

describe.each(ENGINES)('with %s', (_, environment) => {
  const start = async (more: Record<string, string> = {}) =>
    startConversions({ ...(await environment()), ...more })

  it('finds a bad event among many, whatever the database', async () => {
    const { post, meta, ended, get } = await start()
    meta.rule = ({ body }) => (body.data.some(({ event_id }) => event_id === 'e3') ? refusal(100) : undefined)
    await post(Array.from({ length: 300 }, (_one, at) => ({ event_id: `e${at}` })))
    expect(await ended('e3')).toMatchObject({ state: 'dead' })
    await ended('e299')
    expect(meta.counted.size).toBe(299)
    const pages = []
    for (let before = ''; ; ) {
      const { body } = await get(`/api/v1/conversions/deliveries?limit=128${before}`)
      pages.push(body.deliveries.length)
      if (body.next_before === null) break
      before = `&before=${body.next_before}`
    }
    expect(pages).toEqual([128, 128, 44])
    const { body } = await get('/api/v1/conversions/deliveries?state=acknowledged&event_id=e7')
    expect(body.deliveries).toMatchObject([{ event_id: 'e7', success: true }])
  })

  it('says of what it is asked to replay why it does not', async () => {
    const { post, send, meta, ended, until } = await start()
    const replay = async (more: object) =>
      (await send('POST', '/api/v1/conversions/dead-letters/replay', more)).body
    await post([{}])
    await ended('ord-1')
    meta.rule = () => ({ status: 503, body: {} })
    await post([{ event_id: 'late' }])
    await until(
      '/api/v1/conversions/deliveries?state=retrying',
      ({ deliveries }) => deliveries.length > 0,
      50,
    )
    expect(await replay({ event_ids: ['ord-1', 'late', 'nobody'] })).toEqual({
      replayed: [],
      refused: [
        {
          ...{ event_id: 'ord-1', event_name: 'purchase', platform: 'meta' },
          code: 'not_dead',
          reason: 'the platform has it',
        },
        {
          ...{ event_id: 'late', event_name: 'purchase', platform: 'meta', code: 'not_dead' },
          reason: expect.stringMatching(/goes again by itself at 2026/),
        },
        {
          event_id: 'nobody',
          event_name: null,
          platform: null,
          code: 'not_found',
          reason: 'there is no such event',
        },
      ],
    })
    expect(await replay({ all: true })).toEqual({ replayed: [], refused: [] })
    // What everybody's dead letters need is said, never left out.
    for (const slip of [{}, { limit: 5 }, { reason: 'mended' }, { all: false }])
      expect(await replay(slip)).toMatchObject({ code: 'invalid_request', field: 'all' })
    expect(await replay({ all: true, event_ids: ['late'] })).toMatchObject({ field: 'all' })
  })

  it('replays what a mapping has mended', async () => {
    const { post, send, get, statesOf, ended, meta } = await start()
    const put = (platform_events: object) =>
      send('PUT', '/api/v1/conversions/mappings', {
        mappings: [{ source_event: 'order_done', platform_events, parameters: {} }],
      })
    expect((await put({ snapchat: 'PURCHASE' })).body).toMatchObject({ version: 1 })
    await post([{ event_name: 'order_done', platforms: ['meta', 'snapchat'] }])
    await ended('ord-1')
    expect(await statesOf('ord-1')).toEqual({ meta: 'dead', snapchat: 'acknowledged' })
    const replay = async (more: object = {}) =>
      (await send('POST', '/api/v1/conversions/dead-letters/replay', { platform: 'meta', ...more })).body
    const counts = async () => (await get('/api/v1/conversions/deliveries/counts')).body
    expect(await replay({ dry_run: true })).toMatchObject({ replayed: [], refused: [{ event_id: 'ord-1' }] })
    await put({ snapchat: 'PURCHASE', meta: 'Purchase' })
    // What would be sent again is said, and nothing is: not even recorded that somebody has asked.
    const audited = async () => (await get('/v1/audit')).body.entries.length
    const before = await audited()
    const would = await replay({ dry_run: true })
    expect(await counts()).toEqual({
      counts: [{ platform: 'meta', waiting: 0, retrying: 0, dead: 1 }],
      is_whole: true,
    })
    expect(await audited()).toBe(before)
    const body = await replay()
    expect(body).toEqual(would)
    expect(body).toEqual({
      replayed: [{ event_id: 'ord-1', event_name: 'order_done', platform: 'meta' }],
      refused: [],
    })
    await ended('ord-1')
    expect(await statesOf('ord-1')).toEqual({ meta: 'acknowledged', snapchat: 'acknowledged' })
    expect((await counts()).counts).toEqual([])
    expect(meta.calls[0]?.body.data[0]).toMatchObject({ event_name: 'Purchase' })
  })

  it('tells how connections do, and how large batches are', async () => {
    const { post, ended, get, clock } = await start()
    await post([{ event_id: 'a' }])
    await ended('a')
    const meta = ({ platform }: { platform: string }) => platform === 'meta'
    const { body: health } = await get('/api/v1/conversions/health')
    expect(health.connectors.find(meta)).toEqual({
      ...{ platform: 'meta', status: 'healthy', circuit_state: 'closed', issues: [] },
      ...{ success_rate_1h: 1, avg_latency_ms: 0, error_count_1h: 0, events_processed_1h: 1 },
      last_check: expect.any(String),
    })
    clock.advance(2 * 3_600_000)
    const { body: later } = await get('/api/v1/conversions/health')
    expect(later.connectors.find(meta)).toMatchObject({ success_rate_1h: null, avg_latency_ms: null })
    const { body: past } = await get('/api/v1/conversions/health/history?hours=24')
    const sent = past.history.filter(({ caveat }: { caveat: string | null }) => caveat === null)
    expect(sent).toMatchObject([{ platform: 'meta', status: 'healthy', events_processed: 1 }])
    const { body } = await get('/api/v1/conversions/batches')
    expect(body.batches.find(meta)).toMatchObject({
      ...{ optimized_batch_size: 1_000, max_batch_size: 1_000 },
      last_response: {
        ...{ success: true, events_received: 1, events_processed: 1, errors: [] },
        ...{ platform: 'meta', request_id: 't1' },
      },
    })
  })

  it('numbers mappings one after the other, and looks for no id that cannot be', async () => {
    const { send, get } = await start()
    const put = () => send('PUT', '/api/v1/conversions/mappings', { mappings: [] })
    const made = await Promise.all([put(), put(), put(), put()])
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const { body } = await get('/api/v1/conversions/mappings')
    expect(body.versions.map(({ version }: { version: number }) => version)).toEqual([4, 3, 2, 1])
    for (const path of ['events/a%00b', 'deliveries?event_id=%00', 'deliveries?event_name=%00'])
      expect((await get(`/api/v1/conversions/${path}`)).status).toBe(400)
    const replayed = await send('POST', '/api/v1/conversions/dead-letters/replay', { event_ids: ['\u0000'] })
    expect(replayed.status).toBe(400)
  })

  it('shows an organisation nothing of another', async () => {
    const keys = ['seven', 'eight'].map(
      (name, at) => `${name}@${7 + at}:admin:${hashKey(name).toString('hex')}`,
    )
    const { send, get, meta, clock } = await start({ API_KEYS: keys.join(',') })
    meta.rule = () => ({ status: 503, body: {} })
    const as = (name: string) => ({ authorization: `Bearer ${name}` })
    const posted = await send('POST', '/api/v1/conversions/events', { events: [event()] }, as('seven'))
    expect(posted.body.results).toMatchObject([{ status: 'accepted' }])
    const own = '/api/v1/conversions/events/ord-1'
    expect((await get(own, as('eight'))).status).toBe(404)
    expect((await get('/api/v1/conversions/deliveries', as('eight'))).body.deliveries).toEqual([])
    const countsOf = async (name: string) =>
      (await get('/api/v1/conversions/deliveries/counts', as(name))).body.counts
    await expect
      .poll(() => {
        clock.advance(50)
        return countsOf('seven')
      })
      .toEqual([{ platform: 'meta', waiting: 0, retrying: 1, dead: 0 }])
    expect(await countsOf('eight')).toEqual([])
    const again = await send('POST', '/api/v1/conversions/events', { events: [event()] }, as('eight'))
    expect(again.body.results).toMatchObject([{ status: 'accepted' }])
    await send('PUT', '/api/v1/conversions/mappings', { mappings: [] }, as('seven'))
    expect((await get('/api/v1/conversions/mappings', as('eight'))).body.version).toBe(0)
    const replayed = await send('POST', '/api/v1/conversions/dead-letters/replay', { all: true }, as('eight'))
    expect(replayed.body).toEqual({ replayed: [], refused: [] })
  })
})

describe('a preview', () => {
  it('is what is sent, with tokens masked, beside another version of the mappings', async () => {
    const { send, post, meta, ended } = await startConversions()
    await send('PUT', '/api/v1/conversions/mappings', {
      mappings: [
        { source_event: 'purchase', platform_events: { meta: 'Purchase' }, parameters: { kind: 'shoe' } },
      ],
    })
    const { body } = await send('POST', '/api/v1/conversions/preview', { events: [event()], compareTo: 0 })
    const [preview] = body.previews
    expect(preview).toMatchObject({ event_id: 'ord-1', platform: 'meta', request: { method: 'POST' } })
    expect(JSON.stringify(body)).not.toContain('EAAsandbox')
    expect(preview.differences).toEqual([{ path: 'data.0.custom_data.kind', to: 'shoe' }])
    expect(meta.calls).toEqual([])
    await post([{}])
    await ended('ord-1')
    expect(meta.calls[0]?.body).toEqual(preview.request.body)
    expect(preview.request.url).toBe(`${meta.url}${meta.calls[0]?.url}`)
  })

  it('keeps apart what two versions of the mappings send, refuse, and send elsewhere', async () => {
    const { send, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
    const credentials = { ...sandbox.conversions.credentials.google, api: 'google_ads' }
    await send('PUT', '/api/v1/conversions/connections/google', { credentials })
    const put = (parameters: object, platform_events: object) =>
      send('PUT', '/api/v1/conversions/mappings', {
        mappings: [{ source_event: 'order_done', platform_events, parameters }],
      })
    await put({}, { meta: 'Purchase', google: '42' })
    await put({ adjustment_type: 'ENHANCEMENT', toString: 'new' }, { meta: 'Purchase', google: '42' })
    const differences = async (version: number, compareTo: number, platform: string) => {
      const custom_data = { value: 5, currency: 'USD', order_id: 'o' }
      const events = [event({ event_name: 'order_done', custom_data, user_data: { ...user, gclid: 'g' } })]
      const wish = { events, platforms: [platform], version, compareTo }
      return (await send('POST', '/api/v1/conversions/preview', wish)).body.previews[0].differences
    }
    const user = { email: 'ann@x.example', client_user_agent: 'Mozilla/5.0' }
    const unmapped = { field: 'event_name', reason: expect.any(String) }
    const request = { method: 'POST', url: expect.any(String), body: expect.any(Object) }
    expect(await differences(1, 0, 'meta')).toEqual([
      { path: 'refused', from: unmapped },
      { path: 'request', to: request },
    ])
    expect(await differences(0, 1, 'meta')).toEqual([
      { path: 'refused', to: unmapped },
      { path: 'request', from: request },
    ])
    expect(await differences(0, 0, 'meta')).toEqual([])
    expect(await differences(1, 2, 'meta')).toEqual([
      { path: 'data.0.custom_data.adjustment_type', from: 'ENHANCEMENT' },
      { path: 'data.0.custom_data.toString', from: 'new' },
    ])
    const [elsewhere, ...more] = await differences(2, 1, 'google')
    expect(elsewhere).toMatchObject({
      path: 'url',
      from: expect.stringContaining(':uploadClickConversions'),
      to: expect.stringContaining(':uploadConversionAdjustments'),
    })
    expect(more.map(({ path }: { path: string }) => path)).toContain('conversions')
  })

  it('says why an event would not be sent, and names all four platforms where none is named', async () => {
    const { send } = await startConversions()
    const preview = async (events: object[]) =>
      (await send('POST', '/api/v1/conversions/preview', { events })).body.previews
    expect(await preview([event({ event_time: '2026-11-01T00:00:00Z' })])).toMatchObject([
      { platform: 'meta', refused: { field: 'event_time' } },
    ])
    expect(await preview([event({ extra: 1 })])).toMatchObject([
      { platform: null, refused: { field: 'extra' } },
    ])
    const all = await preview([event({ platforms: undefined })])
    expect(all.map(({ platform }: { platform: string }) => platform).toSorted()).toEqual([
      'google',
      'meta',
      'snapchat',
      'tiktok',
    ])
  })
})

describe('the test of a connection', () => {
  it('says whether it works, and sends nothing that counts', async () => {
    const { send, meta, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
    const test = async (platform: string) =>
      (await send('POST', `/api/v1/conversions/connections/${platform}/test`)).body
    for (const platform of ['meta', 'google', 'tiktok', 'snapchat'])
      expect(await test(platform)).toMatchObject({
        platform,
        status: 'connected',
        message: expect.any(String),
      })
    expect(Object.values(sandbox.conversions.counts()).every(({ counted }) => counted === 0)).toBe(true)
    sandbox.conversions.revokeToken('meta_conversions')
    expect(await test('meta')).toMatchObject({ status: 'error' })
    expect(meta.calls).toEqual([])
    const wrong = await send('PUT', '/api/v1/conversions/connections/meta', {
      credentials: { pixel_id: 'x y' },
    })
    expect(wrong.body).toMatchObject({ status: 400, field: expect.stringContaining('credentials.') })
  })
})
