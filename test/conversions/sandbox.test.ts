import { expect, it } from 'vitest'
import { startConversions } from '../support/conversions.ts'

/** What every platform takes. */
const whole = {
  platforms: undefined,
  user_data: {
    email: 'ann@x.example',
    phone: '+16505551212',
    country: 'US',
    client_ip_address: '203.0.113.7',
    client_user_agent: 'Mozilla/5.0',
  },
}

it('goes to all platforms that are connected, which in mock mode are all', async () => {
  const { post, ended, statesOf, sandbox, get } = await startConversions({ CONVERSION_APIS: '{}' })
  const { body } = await get('/api/v1/conversions/connections')
  expect(body.connections.map(({ platform, status }: Record<string, string>) => [platform, status])).toEqual([
    ['google', 'connected'],
    ['meta', 'connected'],
    ['snapchat', 'connected'],
    ['tiktok', 'connected'],
    ['whatsapp', 'connected'],
  ])
  expect((await post([whole])).body.results).toEqual([{ event_id: 'ord-1', status: 'accepted' }])
  await ended('ord-1')
  expect(await statesOf('ord-1')).toEqual({
    meta: 'acknowledged',
    google: 'acknowledged',
    tiktok: 'acknowledged',
    snapchat: 'acknowledged',
  })
  const { meta_conversions, google_data_manager, tiktok_conversions, snapchat_conversions } =
    sandbox.conversions.counts()
  expect([meta_conversions, google_data_manager, tiktok_conversions, snapchat_conversions]).toMatchObject(
    Array.from({ length: 4 }, () => ({ counted: 1, repeated: 0 })),
  )
})

it('goes on with a fresh token where the old one has expired, and stops where one is taken back', async () => {
  const { post, ended, statesOf, sandbox, until } = await startConversions({ CONVERSION_APIS: '{}' })
  const person = { user_data: whole.user_data, platforms: ['google', 'tiktok'] }
  await post([{ ...person, event_id: 'a' }])
  await ended('a')
  sandbox.expireGoogleToken()
  sandbox.conversions.revokeToken('tiktok_conversions')
  await post([{ ...person, event_id: 'b' }])
  const { body } = await until(
    '/api/v1/conversions/events/b',
    ({ events }) =>
      events[0].deliveries.some(({ state }: { state: string }) => state === 'acknowledged') &&
      events[0].deliveries.every(({ state }: { state: string }) => state !== 'sent'),
  )
  expect(body.events[0].deliveries).toHaveLength(2)
  expect(await statesOf('b')).toEqual({ google: 'acknowledged', tiktok: 'pending' })
  const { body: health } = await until('/api/v1/conversions/health', ({ status }) => status === 'unhealthy')
  const ill = health.connectors.filter(({ status }: { status: string }) => status !== 'healthy')
  expect(ill).toMatchObject([
    { platform: 'tiktok', issues: expect.arrayContaining([expect.stringContaining('please reconnect')]) },
  ])
})

it.each([
  ['FAILED', 2, { state: 'dead', code: 'refused_later', error_message: 'EVENT_TOO_OLD (2)' }],
  ['PARTIAL_SUCCESS', 1, { state: 'acknowledged', code: 'partly_refused' }],
])('asks Google later what became of events, and is told %s', async (requestStatus, count, told) => {
  const { post, ended, sandbox, clock } = await startConversions({ CONVERSION_APIS: '{}' })
  const one = {
    requestStatus,
    errorInfo: { errorCounts: [{ reason: 'EVENT_TOO_OLD', recordCount: String(count) }] },
    eventsIngestionStatus: { recordCount: '2' },
  }
  sandbox.faults.add({
    platform: 'google_data_manager',
    method: 'GET',
    fault: { is: 'instead', text: JSON.stringify({ requestStatusPerDestination: [one] }) },
  })
  await post(['a', 'b'].map((event_id) => ({ user_data: whole.user_data, platforms: ['google'], event_id })))
  clock.advance(1)
  for (const id of ['a', 'b']) expect(await ended(id)).toMatchObject({ ...told, attempts: 1 })
})
