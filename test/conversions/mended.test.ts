import { expect, it } from 'vitest'
import { refusal } from '../support/conversion-receiver.ts'
import { startConversions } from '../support/conversions.ts'

const replayed = (reply: { body: { replayed: unknown[]; refused: unknown[] } }) => reply.body

it('takes an event again that a platform was refused here, once it is mended, and for that platform alone', async () => {
  const { post, meta, ended, statesOf, get, sandbox } = await startConversions()
  const both = { platforms: ['meta', 'snapchat'] }
  const bad = { ...both, event_source_url: undefined, custom_data: { value: 1, currency: 'USD' } }
  expect((await post([bad])).body.results).toMatchObject([
    { status: 'accepted', refused_by: [{ platform: 'meta' }] },
  ])
  await ended('ord-1')
  // As bad as before, it is what is there already.
  expect((await post([bad])).body.results).toEqual([{ event_id: 'ord-1', status: 'duplicate' }])

  const mended = { ...both, event_time: '2026-11-20T11:30:00Z', custom_data: { value: 2, currency: 'EUR' } }
  expect((await post([mended])).body.results).toEqual([{ event_id: 'ord-1', status: 'accepted' }])
  await ended('ord-1')
  expect(await statesOf('ord-1')).toEqual({ meta: 'acknowledged', snapchat: 'acknowledged' })
  expect(meta.calls.flatMap(({ body }) => body.data)).toMatchObject([
    { event_id: 'ord-1', event_time: 1_795_174_200, custom_data: { value: 2, currency: 'EUR' } },
  ])
  expect(sandbox.conversions.counts().snapchat_conversions).toMatchObject({ received: 1, counted: 1 })
  const { body } = await get('/api/v1/conversions/deliveries?platform=meta')
  expect(body.deliveries).toMatchObject([{ attempts: 1, code: null, error_message: null }])
  expect((await post([mended])).body.results).toEqual([{ event_id: 'ord-1', status: 'duplicate' }])
})

it('keeps what was mended when the first try fails, and sends nothing again that a platform may have', async () => {
  const { post, meta, ended } = await startConversions()
  const both = { platforms: ['meta', 'snapchat'] }
  await post([{ ...both, event_source_url: undefined }])
  await ended('ord-1')
  const answers = [refusal(2, undefined, 500)]
  meta.rule = () => answers.shift()
  await post([{ ...both, custom_data: { value: 7, currency: 'USD' } }])
  expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged', attempts: 2 })
  const sent = meta.calls.map(({ body }) => body.data[0])
  expect(sent[0]).toMatchObject({ custom_data: { value: 7 } })
  expect(sent[1]).toEqual(sent[0])
  meta.rule = () => refusal(100)
  await post([{ event_id: 'other' }])
  expect(await ended('other')).toMatchObject({ state: 'dead', code: '100' })
  // What Meta itself has refused is replayed, or sent under another id.
  expect((await post([{ event_id: 'other' }])).body.results).toMatchObject([{ status: 'duplicate' }])
})

it('does not replay what would be refused again at once, and counts no attempt for it', async () => {
  const { post, send, get, ended, meta } = await startConversions()
  const replay = async () =>
    replayed(await send('POST', '/api/v1/conversions/dead-letters/replay', { all: true }))
  const put = (platform_events: object) =>
    send('PUT', '/api/v1/conversions/mappings', {
      mappings: [{ source_event: 'order_done', platform_events }],
    })
  await put({ snapchat: 'PURCHASE' })
  await post([
    { event_name: 'order_done', platforms: ['meta', 'snapchat'] },
    { event_id: 'app', platforms: ['snapchat', 'tiktok'], action_source: 'email' },
  ])
  await ended('ord-1')
  await ended('app')
  expect(await replay()).toEqual({
    replayed: [],
    refused: [
      {
        ...{ event_id: 'ord-1', event_name: 'order_done', platform: 'meta' },
        code: 'refused_here',
        reason: expect.stringContaining('event_name: '),
      },
      {
        ...{ event_id: 'app', event_name: 'purchase', platform: 'tiktok' },
        code: 'refused_here',
        reason: expect.stringContaining('crm_event_set_id'),
      },
    ],
  })
  const dead = async () => (await get('/api/v1/conversions/dead-letters')).body.dead_letters
  expect(await dead()).toMatchObject(
    Array.from({ length: 2 }, () => ({ attempts: 0, first_attempt_at: null, retry_count: 0 })),
  )

  await put({ snapchat: 'PURCHASE', meta: 'Purchase' })
  await send('PUT', '/api/v1/conversions/connections/tiktok', {
    credentials: {
      pixel_code: 'CSANDBOX0PIXEL',
      access_token: 'tiktok-sandbox-conversions',
      crm_event_set_id: '7000000000000000003',
    },
  })
  expect((await replay()).replayed).toHaveLength(2)
  await ended('ord-1')
  expect(meta.calls.flatMap(({ body }) => body.data)).toMatchObject([
    { event_id: 'ord-1', event_name: 'Purchase' },
  ])
})
