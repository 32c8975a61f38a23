import { describe, expect, it } from 'vitest'
import { event, startConversions } from '../support/conversions.ts'

const EXTINFO = ['i2', 'com.example.shop', '2.1', '2.1.7', '18.1', ...Array.from({ length: 11 }, () => '')]
const APP = { advertiser_tracking_enabled: true, application_tracking_enabled: true, extinfo: EXTINFO }
/** As Meta takes it. */
const META_APP = { advertiser_tracking_enabled: 1, application_tracking_enabled: 1, extinfo: EXTINFO }
const person = { email: 'ann@x.example', client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0' }
const WAYS = { app: 'app_id', physical_store: 'offline_event_set_id', email: 'crm_event_set_id' } as const
type Sent = Record<string, unknown>

it('sends an event of an app only where the connection names the app, and under its name', async () => {
  const { post, send, ended, statesOf, sandbox, get } = await startConversions({ CONVERSION_APIS: '{}' })
  const app = {
    action_source: 'app',
    user_data: person,
    platforms: ['meta', 'tiktok', 'snapchat'],
    app_data: APP,
  }
  const { body } = await post([app])
  expect(body.results).toMatchObject([
    { status: 'rejected', field: 'action_source', reason: expect.stringContaining('app_dataset_id') },
  ])
  for (const [source, member] of Object.entries(WAYS)) {
    const { body: refused } = await post([
      { event_id: source, action_source: source, user_data: person, platforms: ['google', 'tiktok'] },
    ])
    expect(refused.results).toMatchObject([
      {
        status: 'accepted',
        refused_by: [{ platform: 'tiktok', field: 'action_source', reason: expect.stringContaining(member) }],
      },
    ])
  }
  const { meta, tiktok, snapchat } = sandbox.conversions.credentials
  const connect = async (platform: string, credentials: object) =>
    expect(
      (await send('PUT', `/api/v1/conversions/connections/${platform}`, { credentials })).body,
    ).toMatchObject({ status: 'connected' })
  const { apps } = sandbox.conversions
  await connect('meta', { ...meta, ...apps.meta })
  await connect('tiktok', { ...tiktok, ...apps.tiktok })
  await connect('snapchat', { ...snapchat, ...apps.snapchat })
  expect((await post([{ ...app, event_id: 'no-device', app_data: undefined }])).body.results).toMatchObject([
    { status: 'accepted', refused_by: [{ platform: 'meta', field: 'app_data' }] },
  ])
  expect((await post([app])).body.results).toEqual([{ event_id: 'ord-1', status: 'accepted' }])
  await ended('ord-1')
  expect(await statesOf('ord-1')).toEqual({
    meta: 'acknowledged',
    tiktok: 'acknowledged',
    snapchat: 'acknowledged',
  })
  const last = (api: Parameters<typeof sandbox.conversions.recent>[0]): Sent =>
    sandbox.conversions.recent(api).at(-1) ?? {}
  expect(last('meta_conversions')).toMatchObject({ action_source: 'app', app_data: META_APP })
  expect(last('tiktok_conversions')).toMatchObject({
    app: { app_id: 'com.example.shop', app_version: '2.1' },
  })
  expect(last('snapchat_conversions')).toMatchObject({
    action_source: 'MOBILE_APP',
    app_data: { app_id: apps.snapchat.app_id, advertiser_tracking_enabled: 1, extinfo: EXTINFO },
  })
  for (const source of ['physical_store', 'email']) {
    await post([{ event_id: `${source}-2`, action_source: source, user_data: person, platforms: ['tiktok'] }])
    expect(await ended(`${source}-2`)).toMatchObject({ state: 'acknowledged' })
  }
  // What is known of a device is nobody's business, and is not kept.
  expect(JSON.stringify((await get('/api/v1/conversions/deliveries')).body)).not.toContain('com.example.shop')
})

describe('the id by which a platform knows an event again', () => {
  it('stays what the page sends too, but where two events meet under one name', async () => {
    const { send } = await startConversions()
    const map = (mappings: object[]) =>
      send('PUT', '/api/v1/conversions/mappings', {
        mappings: mappings.map((each) => ({ parameters: {}, ...each })),
      })
    const idsOf = async (platform: string, ...names: string[]) => {
      const events = names.map((event_name) =>
        event({ event_name, user_data: person, platforms: [platform] }),
      )
      const { body } = await send('POST', '/api/v1/conversions/preview', { events })
      return body.previews.map(({ request }: { request: { body: { data?: Sent[]; events?: Sent[] } } }) => {
        const [sent = {}] = request.body.data ?? request.body.events ?? []
        return sent['event_id'] ?? sent['transactionId']
      })
    }
    await map([
      {
        source_event: 'order_completed',
        platform_events: { meta: 'Purchase', tiktok: 'Purchase', snapchat: 'PURCHASE', google: 'purchase' },
      },
      { source_event: 'webinar', platform_events: { meta: 'Lead', google: '7000000002' } },
      { source_event: 'newsletter', platform_events: { meta: 'Lead', google: '7000000002' } },
    ])
    for (const platform of ['meta', 'tiktok', 'snapchat', 'google'])
      expect([platform, await idsOf(platform, 'purchase', 'order_completed')]).toEqual([
        platform,
        ['ord-1', 'ord-1'],
      ])
    expect(await idsOf('snapchat', 'sign_up', 'lead')).toEqual(['ord-1', 'lead:ord-1'])
    expect(await idsOf('tiktok', 'view_content', 'view_list', 'page_view')).toEqual([
      'ord-1',
      'view_list:ord-1',
      'page_view:ord-1',
    ])
    for (const platform of ['meta', 'google'])
      expect(await idsOf(platform, 'webinar', 'newsletter')).toEqual(['ord-1', 'newsletter:ord-1'])
    // Where the first of them goes elsewhere, the other is alone.
    await map([{ source_event: 'sign_up', platform_events: { snapchat: 'CUSTOM_EVENT_1' } }])
    expect(await idsOf('snapchat', 'sign_up', 'lead')).toEqual(['ord-1', 'ord-1'])
  })

  it('cannot be mapped to what no platform has', async () => {
    const { send, get } = await startConversions()
    const put = async (text: string) => {
      const { status, body } = await send('PUT', '/api/v1/conversions/mappings', `{"mappings":[${text}]}`)
      return [status, body.field]
    }
    const one = (platform_events: string, parameters = '{}') =>
      `{"source_event":"order_done","platform_events":${platform_events},"parameters":${parameters}}`
    for (const google of ['my action', '12a', '-5', 'Purchase', '7'.repeat(21), '７'])
      expect([google, await put(one(`{"google":"${google}"}`))]).toEqual([
        google,
        [400, 'mappings.0.platform_events.google'],
      ])
    for (const platform of ['meta', 'tiktok', 'snapchat'])
      for (const name of [
        ' Purchase',
        'Purchase ',
        ' ',
        'Pur\\u0000chase',
        'Purchase\\n',
        'x\\u200b',
        'x'.repeat(65),
      ])
        expect([name, await put(one(`{"${platform}":"${name}"}`))]).toEqual([
          name,
          [400, `mappings.0.platform_events.${platform}`],
        ])
    for (const [parameters, field] of [
      ['{"adjustment_type":"DELETE"}', 'parameters.adjustment_type'],
      ['{"adjustment_type":true}', 'parameters.adjustment_type'],
      ['{"__proto__":"x"}', 'parameters'],
      ['{"constructor":"x"}', 'parameters.constructor'],
      ['{"pixel_id":"x"}', 'parameters.pixel_id'],
      ['{"value":5}', 'parameters.value'],
      ['{"jane@x.example":"x"}', 'parameters.(a name that is not shown)'],
      ['{"kind":"a\\u0007b"}', 'parameters.kind'],
    ] as const)
      expect([parameters, await put(one('{"meta":"Purchase"}', parameters))]).toEqual([
        parameters,
        [400, `mappings.0.${field}`],
      ])
    expect(await put(one('{"__proto__":"x"}'))).toEqual([400, 'mappings.0.platform_events'])
    expect(await put('{"source_event":"x ","platform_events":{}}')).toEqual([400, 'mappings.0.source_event'])
    expect((await get('/api/v1/conversions/mappings')).body.version).toBe(0)
    expect(
      await put(one('{"google":"7000000002","meta":"My event"}', '{"adjustment_type":"RETRACTION"}')),
    ).toEqual([200, undefined])
  })
})
