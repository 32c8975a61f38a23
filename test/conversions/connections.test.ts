import { expect, it } from 'vitest'
import { startConversions } from '../support/conversions.ts'

const person = { email: 'ann@x.example', client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0' }
const BASE = '/api/v1/conversions/connections'
const APIS = {
  meta: 'meta_conversions',
  tiktok: 'tiktok_conversions',
  snapchat: 'snapchat_conversions',
  google: 'google_data_manager',
} as const

it.each(Object.entries(APIS))(
  'goes on with %s as soon as a test says that it works again',
  async (platform, api) => {
    const { post, ended, until, send, statesOf, sandbox, get } = await startConversions({
      CONVERSION_APIS: '{}',
    })
    const statusOf = async () => {
      const { body } = await get(BASE)
      return body.connections.find((one: { platform: string }) => one.platform === platform).status
    }
    sandbox.conversions.revokeToken(api)
    await post([{ platforms: [platform], user_data: person }])
    await until(BASE, ({ connections }) =>
      connections.some(({ status }: { status: string }) => status === 'error'),
    )
    expect((await send('POST', `${BASE}/${platform}/test`)).body).toMatchObject({ status: 'error' })
    expect(await statusOf()).toBe('error')
    sandbox.conversions.restoreToken(api)
    expect((await send('POST', `${BASE}/${platform}/test`)).body).toMatchObject({ status: 'connected' })
    expect(await statusOf()).toBe('connected')
    await ended('ord-1')
    expect(await statesOf('ord-1')).toEqual({ [platform]: 'acknowledged' })
  },
)

it('stops where a token is refused like a bad event, and its events wait', async () => {
  const { post, ended, until, send, statesOf, sandbox, get } = await startConversions({
    CONVERSION_APIS: '{}',
  })
  const fault = { is: 'error', name: 'invalid_token' } as const
  sandbox.faults.add({ platform: 'snapchat_conversions', method: 'POST', fault })
  const ids = ['a', 'b', 'c']
  await post(ids.map((event_id) => ({ event_id, platforms: ['snapchat'], user_data: person })))
  await until(BASE, ({ connections }) =>
    connections.some(({ status }: { status: string }) => status === 'error'),
  )
  for (const id of ids) expect(await statesOf(id)).toEqual({ snapchat: 'pending' })
  const { body: health } = await get('/api/v1/conversions/health')
  const snapchat = health.connectors.find(({ platform }: { platform: string }) => platform === 'snapchat')
  expect(snapchat).toMatchObject({
    status: 'unhealthy',
    issues: expect.arrayContaining([expect.stringMatching(/please reconnect: .*Invalid access token/)]),
  })
  expect((await send('POST', `${BASE}/snapchat/test`)).body).toMatchObject({ status: 'connected' })
  for (const id of ids) expect(await ended(id)).toMatchObject({ state: 'acknowledged', attempts: 1 })
})

it('waits as long as Meta says after too many calls of a business', async () => {
  const { post, ended, until, sandbox, clock } = await startConversions({ CONVERSION_APIS: '{}' })
  const fault = { is: 'error', name: '80004' } as const
  sandbox.faults.add({ platform: 'meta_conversions', method: 'POST', fault })
  const startMs = clock.nowMs()
  await post([{}])
  const { body } = await until(
    '/api/v1/conversions/events/ord-1',
    ({ events }) => events[0].deliveries[0].code !== null,
    50,
  )
  const [delivery] = body.events[0].deliveries
  expect(delivery).toMatchObject({ state: 'retrying', code: 'throttled' })
  expect(Date.parse(delivery.next_attempt_at)).toBeGreaterThanOrEqual(startMs + 5 * 60_000)
  expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged' })
  expect(clock.nowMs()).toBeGreaterThanOrEqual(startMs + 5 * 60_000)
})

it('is tested before it is called connected', async () => {
  const { send, post, ended, meta, get } = await startConversions()
  const put = async (access_token = 'one', more: object = {}) =>
    (await send('PUT', `${BASE}/meta`, { credentials: { pixel_id: '77', access_token, ...more } })).body
  meta.rule = () => ({ status: 401, body: { error: { code: 190, message: 'Invalid OAuth access token' } } })
  expect(await put()).toMatchObject({ status: 'error', message: expect.stringContaining('Invalid OAuth') })
  meta.rule = () => ({ status: 503, body: '<html>' })
  expect(await put()).toMatchObject({ status: 'pending' })
  // Nobody has said that it does not work, so it is tried.
  meta.rule = ({ method }) => (method === 'GET' ? { status: 503, body: '<html>' } : undefined)
  await post([{}])
  expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged' })
  const { body } = await get(BASE)
  expect(body.connections.find(({ platform }: { platform: string }) => platform === 'meta')).toMatchObject({
    status: 'connected',
  })
  meta.rule = () => undefined
  expect(await put()).toMatchObject({ status: 'connected' })
  for (const token of ['one\r\nx: y', 'one\n', ' one', 'one two', 'ton\u00e9', ''])
    expect([token, await put(token)]).toMatchObject([
      token,
      { status: 400, field: 'credentials.access_token' },
    ])
  expect(await put('one', { test_event_code: 'a\nb' })).toMatchObject({ status: 400 })
})

it('takes no secret with a line break, for any platform', async () => {
  const { send, sandbox } = await startConversions()
  const { google, tiktok, snapchat } = sandbox.conversions.credentials
  for (const [platform, credentials, secrets] of [
    ['google', google, ['refresh_token', 'client_id', 'client_secret', 'developer_token']],
    ['tiktok', tiktok, ['access_token', 'test_event_code']],
    ['snapchat', snapchat, ['access_token']],
  ] as const)
    for (const name of secrets) {
      const wish = { credentials: { ...credentials, [name]: 'secret\r\n' } }
      const { body } = await send('PUT', `${BASE}/${platform}`, wish)
      expect(body).toMatchObject({ status: 400, field: `credentials.${name}` })
      expect(JSON.stringify(body)).not.toContain('secret\\r')
    }
})

it('is listed where it is known, and nowhere else', async () => {
  const { get, send } = await startConversions()
  const { body } = await get(BASE)
  for (const { platform, message } of body.connections)
    expect([platform, message]).toEqual([
      platform,
      platform === 'whatsapp' ? 'messages are sent' : 'conversions are sent',
    ])
  const listed: string[] = body.connections.map(({ platform }: { platform: string }) => platform)
  for (const platform of ['meta', 'google', 'tiktok', 'snapchat', 'whatsapp', 'fax']) {
    const { status } = await send('POST', `${BASE}/${platform}/test`)
    expect([platform, status]).toEqual([platform, listed.includes(platform) ? 200 : 404])
  }
})
