import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { event, startConversions } from '../support/conversions.ts'

describe('the door', () => {
  it('checks each event by itself, in order, and names the field', async () => {
    const { post } = await startConversions()
    const { body } = await post([
      { event_id: 'good' },
      { event_id: 'unknown', user_data: { email: 'ann@x.example', emial: 'ann@x.example' } },
      { event_id: 'late', event_time: '2026-11-01T00:00:00Z' },
      { event_id: 'early', event_time: '2026-11-20T12:02:00Z' },
      { event_id: 'no-zone', event_time: '2026-11-20T11:00:00' },
      { event_id: 'money', custom_data: { value: 1, currency: 'dollars' } },
      { event_id: 'nobody', user_data: {} },
      { event_id: 'negative', custom_data: { value: -1, currency: 'USD' } },
      { event_id: undefined },
    ])
    expect(body.results).toEqual([
      { event_id: 'good', status: 'accepted' },
      { event_id: 'unknown', status: 'rejected', field: 'user_data.emial', reason: 'is not a known field' },
      {
        event_id: 'late',
        status: 'rejected',
        field: 'event_time',
        reason: 'is older than meta takes: 7 days',
      },
      { event_id: 'early', status: 'rejected', field: 'event_time', reason: expect.stringContaining('60 s') },
      {
        event_id: 'no-zone',
        status: 'rejected',
        field: 'event_time',
        reason: expect.stringContaining('ISO'),
      },
      { event_id: 'money', status: 'rejected', field: 'custom_data.currency', reason: expect.any(String) },
      {
        event_id: 'nobody',
        status: 'rejected',
        field: expect.stringContaining('user_data'),
        reason: expect.any(String),
      },
      { event_id: 'negative', status: 'rejected', field: 'custom_data.value', reason: expect.any(String) },
      { event_id: null, status: 'rejected', field: 'event_id', reason: expect.any(String) },
    ])
  })

  it('refuses an id that a program writes where it has none, by the name of its field', async () => {
    const { post } = await startConversions()
    const contents = (id: string) => ({ custom_data: { value: 1, currency: 'USD', contents: [{ id }] } })
    const wrong: readonly [string, Record<string, unknown>][] = [
      ['event_id', { event_id: 'undefined' }],
      ['event_name', { event_name: 'null' }],
      ['bid_id', { bid_id: '{{bid}}' }],
      ['custom_data.order_id', { custom_data: { value: 1, currency: 'USD', order_id: 'NaN' } }],
      ['custom_data.contents.0.id', contents('[object Object]')],
      ['event_id', { event_id: '00000000-0000-0000-0000-000000000000' }],
      ['event_id', { event_id: '(null)' }],
      ['event_id', { event_id: '<nil>' }],
      ['custom_data.order_id', { custom_data: { value: 1, currency: 'USD', order_id: '*|ORDER|*' } }],
      ['bid_id', { bid_id: '{bid}' }],
    ]
    const { body } = await post([...wrong.map(([, more]) => more), contents('nullable')])
    expect(body.results.map(({ field }: { field: string }) => field)).toEqual([
      ...wrong.map(([field]) => field),
      undefined,
    ])
    expect(body.results[0].reason).toMatch(/leave it out/)
  })

  it('says what it leaves out about a person, ids of clicks and of nobody among it', async () => {
    const { post, send, ended, meta } = await startConversions()
    const user_data = {
      ...{ email: 'ann@x.example', client_user_agent: 'Mozilla/5.0', fbc: 'IwAR123', fbp: 'fb.1.x' },
      ...{ external_id: 'undefined', city: '{{city}}', last_name: 'Null', zip: '940251234', country: 'null' },
    }
    const old = { email: 'ann@x.example', client_user_agent: 'Mozilla/5.0', fbc: 'fb.1.1700000000000.IwAR' }
    const events = [{ user_data }, { event_id: 'old', user_data: old }]
    const { body } = await post(events)
    const [first, second] = body.results.map(({ left_out }: { left_out: { field: string }[] }) =>
      left_out.map(({ field }) => field).sort(),
    )
    const names = ['city', 'country', 'external_id', 'fbc', 'fbp'].map((name) => `user_data.${name}`)
    expect([first, second]).toEqual([names, ['user_data.fbc']])
    const { body: shown } = await send('POST', '/api/v1/conversions/preview', {
      events: events.map((one) => event(one)),
    })
    expect(shown.previews[1].left_out).toMatchObject([
      { field: 'user_data.fbc', reason: expect.stringMatching(/90 days/) },
    ])
    await ended('ord-1')
    const [sent] = meta.calls.flatMap(({ body: { data } }) => data)
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(sent?.['user_data']).toMatchObject({ ln: sha256('null'), zp: sha256('94025') })
    expect(Object.keys(Object(sent?.['user_data'])).sort()).toEqual(['client_user_agent', 'em', 'ln', 'zp'])
  })

  it('reads times as ISO 8601, seconds and milliseconds', async () => {
    const { post, meta, ended } = await startConversions()
    const times = ['2026-11-20T12:00:00+01:00', 1_795_172_400, 1_795_172_400_000]
    await post(times.map((event_time, at) => ({ event_id: `t${at}`, event_time })))
    for (const at of times.keys()) await ended(`t${at}`)
    const sent = meta.calls.flatMap(({ body }) => body.data)
    expect(sent.map(({ event_time }) => event_time)).toEqual([1_795_172_400, 1_795_172_400, 1_795_172_400])
  })

  it('refuses a request that is no list of at most a thousand events', async () => {
    const { send } = await startConversions()
    const post = (body: unknown) => send('POST', '/api/v1/conversions/events', body)
    expect((await post({ events: [] })).status).toBe(400)
    expect((await post({ events: Array.from({ length: 1_001 }, () => event()) })).status).toBe(400)
    expect((await post({ events: [event()], more: 1 })).body).toMatchObject({ status: 400, field: 'more' })
    expect((await post({ events: [event({ event_name: 'x'.repeat(5_000_000) })] })).status).toBe(413)
  })

  it('accepts an event that one platform would refuse, and says which', async () => {
    const { post, statesOf, ended, get } = await startConversions()
    const { body } = await post([{ platforms: ['meta', 'snapchat'], event_source_url: undefined }])
    expect(body.results).toEqual([
      {
        event_id: 'ord-1',
        status: 'accepted',
        refused_by: [{ platform: 'meta', field: 'event_source_url', reason: expect.any(String) }],
      },
    ])
    await ended('ord-1')
    expect(await statesOf('ord-1')).toEqual({ meta: 'dead', snapchat: 'acknowledged' })
    const { body: dead } = await get('/api/v1/conversions/dead-letters')
    expect(dead.dead_letters).toMatchObject([{ platform: 'meta', code: 'refused_here', attempts: 0 }])
  })

  it('sends nothing about a person who has denied it', async () => {
    const { post, sandbox, ended } = await startConversions()
    const consent = { ad_user_data: 'denied', ad_personalization: 'denied' }
    const { body } = await post([
      { platforms: ['tiktok', 'google'], consent, custom_data: { value: 1, currency: 'USD', order_id: '1' } },
    ])
    if (body.results[0].status === 'accepted') await ended('ord-1')
    const sent = JSON.stringify([
      sandbox.conversions.recent('tiktok_conversions'),
      sandbox.conversions.recent('google_data_manager'),
    ])
    expect(sent).not.toMatch(/[0-9a-f]{64}|Mozilla/)
  })
})

describe('what is personal', () => {
  const CANARIES = [
    'canary-mail',
    '6505551212',
    'canarella',
    'canarino',
    'Canary-Agent',
    'canary-click',
    '198.51.100.7',
  ]
  const person = {
    email: 'canary-mail@x.example',
    phone: '+16505551212',
    first_name: 'Canarella',
    last_name: 'Canarino',
    country: 'US',
    client_ip_address: '198.51.100.7',
    client_user_agent: 'Canary-Agent/1.0',
    fbc: 'fb.1.1795172400000.canary-click',
  }

  it('is in no file, log, metric or answer', async () => {
    const { post, ended, get, send, service, logged, meta } = await startConversions()
    // It repeats all that it was sent.
    meta.rule = ({ body }) => ({
      status: 400,
      body: { error: { code: 100, message: `cannot take ${JSON.stringify(body.data[0])}` } },
    })
    const shown = [
      await post([
        { event_id: 'a', user_data: person, event_source_url: 'https://x.example/?m=canary-mail' },
        { event_id: 'b', user_data: { ...person, canary: 'canary-mail' } },
        { event_id: 'c', user_data: { ...person, email: ['canary-mail@x.example'] } },
        { event_id: 'd', user_data: person, event_time: 'canary-mail' },
      ]),
    ]
    await ended('a')
    for (const path of ['deliveries', 'dead-letters', 'events/a', 'health', 'batches', 'connections'])
      shown.push(await get(`/api/v1/conversions/${path}`))
    shown.push(await get('/metrics'), await get('/v1/audit'))
    shown.push(
      await send('POST', '/api/v1/conversions/events', `{"events":[{"email":"canary-mail@x.example"`),
    )
    const folder = folderOf(service)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
    const places = [
      ...shown.map(({ body }, at) => [`answer ${at}`, JSON.stringify(body)] as const),
      ['log', JSON.stringify(logged)] as const,
      ...files.map((path) => [path, readFileSync(path, 'latin1')] as const),
    ]
    const found = places.flatMap(([place, text]) =>
      CANARIES.filter((canary) => text.toLowerCase().includes(canary.toLowerCase())).map(
        (canary) => `${place}: ${canary}`,
      ),
    )
    expect(found).toEqual([])
    expect(files.some((path) => path.includes('bidwarden.db'))).toBe(true)
  })
})

function folderOf({ reads }: Awaited<ReturnType<typeof startConversions>>['service']): string {
  const files = reads?.files
  if (files?.is !== 'folder') throw new Error('files are in no folder')
  return files.dataDir
}
