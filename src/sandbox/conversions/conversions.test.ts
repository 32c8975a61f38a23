import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import type { ConversionApi } from '../protocol.ts'
import { call, withSandbox } from '../sandbox.test-support.ts'

const { sandbox } = withSandbox({ reportMs: 0 })
const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const nowS = () => Math.floor(systemClock.nowMs() / 1_000)
const json = { 'content-type': 'application/json' }
const post = (api: ConversionApi, path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(`${sandbox().conversions.urls[api]}${path}`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  })
const counts = (api: ConversionApi) => sandbox().conversions.counts()[api]
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('Meta in the sandbox', () => {
  const event = (changes: Record<string, unknown> = {}) => ({
    event_name: 'Lead',
    event_time: nowS(),
    event_id: 'm1',
    action_source: 'phone_call',
    user_data: { em: sha('a@x.example') },
    ...changes,
  })
  const send = (...data: unknown[]) => {
    const { pixel_id, access_token } = sandbox().conversions.credentials.meta
    return post('meta_conversions', `/v26.0/${pixel_id}/events`, { data }, bearer(access_token))
  }

  it('counts an event once within 48 hours', async () => {
    expect((await send(event(), event({ event_id: 'm2' }))).json).toMatchObject({ events_received: 2 })
    expect((await send(event())).json).toMatchObject({ events_received: 1 })
    expect(counts('meta_conversions')).toMatchObject({
      received: 3,
      counted: 2,
      repeated: 1,
      doubled: 0,
      calls: 2,
    })
  })

  it.each([
    [{ event_time: 1 }, 2804003],
    [{ event_time: nowS() + 3600 }, 2804003],
    [{ user_data: {} }, 2804050],
    [{ user_data: { country: sha('us') } }, 2804050],
    [{ user_data: { em: 'a@x.example' } }, undefined],
    [{ user_data: { em: sha('') } }, undefined],
    [{ user_data: { em: sha('a'), fbc: 'IwAR' } }, 2804001],
    [{ event_name: 'Purchase' }, 2804009],
    [{ action_source: 'business_messaging' }, 2804066],
    [{ action_source: 'website' }, undefined],
  ])('refuses a whole call for %o', async (changes, error_subcode) => {
    const before = counts('meta_conversions')
    const refused = await send(event({ event_id: 'good' }), event(changes))
    expect(refused.status).toBe(400)
    expect(refused.json.error).toMatchObject({ code: 100 })
    expect(refused.json.error.error_subcode).toBe(error_subcode)
    expect(counts('meta_conversions')).toEqual({ ...before, refused: before.refused + 1 })
  })

  it('refuses events that it was told to refuse, and a token that was taken back', async () => {
    const door = `${sandbox().url}/_sandbox/conversions/refuse`
    const told = { api: 'meta_conversions', event_id: 'poison' }
    expect((await call(door, { method: 'POST', body: JSON.stringify(told) })).status).toBe(201)
    expect((await send(event({ event_id: 'poison' }))).status).toBe(400)
    expect((await call(door, { method: 'DELETE' })).status).toBe(204)
    expect((await send(event({ event_id: 'poison' }))).status).toBe(200)
    sandbox().conversions.revokeToken('meta_conversions')
    expect((await send(event())).json.error).toMatchObject({ code: 190 })
    sandbox().conversions.restoreToken('meta_conversions')
    expect((await call(door, { method: 'POST', body: '{}' })).status).toBe(400)
    const seen = await call(`${sandbox().url}/_sandbox/conversions`, {})
    expect(seen.json.counts.meta_conversions).toEqual(counts('meta_conversions'))
  })

  it('plays the faults of the script', async () => {
    sandbox().faults.add({ platform: 'meta_conversions', fault: { is: 'error', name: '100_2804003' } })
    expect((await send(event())).json.error).toMatchObject({ code: 100, error_subcode: 2804003 })
    sandbox().faults.add({ platform: 'meta_conversions', fault: { is: 'http_after', status: 502 } })
    const before = counts('meta_conversions').counted
    expect((await send(event({ event_id: 'm3' }))).text).toContain('<html>')
    expect(counts('meta_conversions').counted).toBe(before + 1)
    expect(() =>
      sandbox().faults.add({ platform: 'meta_conversions', fault: { is: 'error', name: 'nothing' } }),
    ).toThrow()
  })
})

describe('TikTok in the sandbox', () => {
  const event = (changes: Record<string, unknown> = {}) => ({
    event: 'Lead',
    event_time: nowS(),
    event_id: 't1',
    user: { email: sha('a@x.example') },
    ...changes,
  })
  const send = (...data: unknown[]) => {
    const { pixel_code, access_token } = sandbox().conversions.credentials.tiktok
    const body = { event_source: 'web', event_source_id: pixel_code, data }
    return post('tiktok_conversions', '/v1.3/event/track/', body, { 'access-token': access_token })
  }

  it('answers 200 and a code, whatever it is', async () => {
    expect((await send(event())).json).toMatchObject({ code: 0, message: 'OK' })
    expect((await send(event())).json).toMatchObject({ code: 0 })
    expect(counts('tiktok_conversions')).toMatchObject({ received: 2, counted: 1, repeated: 1 })
    const refused = await send(event(), event({ properties: { contents: [{ content_id: 7 }] } }))
    expect(refused.status).toBe(200)
    expect(refused.json).toMatchObject({
      code: 40002,
      message: 'Batch.1.properties.contents.0.content_id: Not a valid string',
    })
    expect((await send()).json).toMatchObject({ code: 40002 })
    sandbox().conversions.revokeToken('tiktok_conversions')
    expect((await send(event())).json).toMatchObject({ code: 40105 })
    sandbox().conversions.restoreToken('tiktok_conversions')
  })

  it.each([
    [{ event_time: 1 }, 'Batch.0.event_time: Out of range'],
    [{ event_id: 7 }, 'Batch.0.event_id: Not a valid string'],
    [{ user: { phone: '+16505551212' } }, 'Batch.0.user.phone: Not a SHA-256 hash'],
    [{ properties: { value: 1 } }, 'Batch.0.properties.currency: Not a valid choice.'],
  ])('refuses %o by name', async (changes, message) => {
    expect((await send(event(changes))).json).toMatchObject({ code: 40002, message })
  })
})

describe('Snapchat in the sandbox', () => {
  const event = (changes: Record<string, unknown> = {}) => ({
    event_name: 'PURCHASE',
    event_time: nowS(),
    event_id: 's1',
    action_source: 'WEB',
    user_data: { em: [sha('a@x.example')] },
    custom_data: { value: 1, currency: 'USD', order_id: 'o1' },
    ...changes,
  })
  const send = (...data: unknown[]) => {
    const { pixel_id, access_token } = sandbox().conversions.credentials.snapchat
    return post('snapchat_conversions', `/v3/${pixel_id}/events?access_token=${access_token}`, { data })
  }

  it('names the first bad event, and has taken those before it', async () => {
    expect((await send(event())).json).toMatchObject({ status: 'VALID' })
    const refused = await send(
      event({ event_id: 's2', custom_data: { value: 1, currency: 'USD', order_id: 'o2' } }),
      event({ event_id: 's3', user_data: { em: ['a@x.example'] } }),
    )
    expect(refused.status).toBe(400)
    expect(refused.json).toMatchObject({ status: 'INVALID', event: 1 })
    expect(counts('snapchat_conversions')).toMatchObject({ counted: 2, refused: 1 })
  })

  it('knows a purchase by the number of its order as well', async () => {
    const before = counts('snapchat_conversions')
    await send(event({ event_id: 'other' }))
    expect(counts('snapchat_conversions')).toMatchObject({
      counted: before.counted,
      repeated: before.repeated + 1,
    })
  })

  it('takes the older form, and tells who may ask', async () => {
    const { pixel_id, access_token } = sandbox().conversions.credentials.snapchat
    const flat = {
      pixel_id,
      event_type: 'PAGE_VIEW',
      event_conversion_type: 'WEB',
      timestamp: systemClock.nowMs(),
      client_dedup_id: 's9',
      hashed_ip_address: sha('203.0.113.9'),
      user_agent: 'x',
    }
    expect((await post('snapchat_conversions', '/v2/conversion', [flat], bearer(access_token))).status).toBe(
      200,
    )
    expect((await post('snapchat_conversions', '/v2/conversion', [flat], bearer('other'))).status).toBe(401)
    const url = sandbox().conversions.urls.snapchat_conversions
    const stats = `${url}/v3/${pixel_id}/events/validate/stats?access_token=${access_token}`
    expect((await call(stats, {})).status).toBe(200)
    expect(
      (await post('snapchat_conversions', `/v3/other/events?access_token=${access_token}`, {})).status,
    ).toBe(404)
  })
})

describe('Google in the sandbox', () => {
  const token = () => bearer(sandbox().credentials.googleAds.accessToken)
  const event = (changes: Record<string, unknown> = {}) => ({
    transactionId: 'g1',
    eventTimestamp: new Date(systemClock.nowMs()).toISOString(),
    eventSource: 'WEB',
    adIdentifiers: { gclid: 'Cj0' },
    ...changes,
  })
  const ingest = (events: unknown[], more: Record<string, unknown> = {}) =>
    post(
      'google_data_manager',
      '/v1/events:ingest',
      {
        destinations: [
          {
            operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
            productDestinationId: '7000000001',
          },
        ],
        events,
        encoding: 'HEX',
        ...more,
      },
      token(),
    )
  const statusOf = (id: string) =>
    call(`${sandbox().conversions.urls.google_data_manager}/v1/requestStatus:retrieve?requestId=${id}`, {
      headers: token(),
    })

  it('takes a call and tells later, in counts, what became of it', async () => {
    const old = event({ transactionId: 'g2', eventTimestamp: '2020-01-01T00:00:00Z' })
    const { json: taken } = await ingest([event(), old])
    const { json: status } = await statusOf(taken.requestId)
    expect(status.requestStatusPerDestination).toEqual([
      {
        requestStatus: 'PARTIAL_SUCCESS',
        errorInfo: { errorCounts: [{ reason: 'EVENT_TOO_OLD', recordCount: '1' }] },
        eventsIngestionStatus: { recordCount: '2' },
      },
    ])
    expect(counts('google_data_manager')).toMatchObject({ received: 1, counted: 1 })
    await ingest([event()])
    expect(counts('google_data_manager')).toMatchObject({ counted: 1, repeated: 1 })
    expect((await statusOf('none')).status).toBe(404)
  })

  it('fails a whole call for one bad field, and names it', async () => {
    const bad = event({ userData: { userIdentifiers: [{ emailAddress: 'a@x.example' }] } })
    const refused = await ingest([event({ transactionId: 'g3' }), bad])
    expect(refused.status).toBe(400)
    expect(refused.json.error.details[1].fieldViolations).toMatchObject([
      { field: 'events.events[1].user_data.user_identifiers', reason: 'INVALID_SHA256_FORMAT' },
    ])
    const nobody = await ingest([event({ adIdentifiers: {} })])
    expect(nobody.json.error.details[0]).toMatchObject({ reason: 'NO_IDENTIFIERS_PROVIDED' })
    const elsewhere = await ingest([event()], { destinations: [{ operatingAccount: {} }] })
    expect(elsewhere.json.error.details[0]).toMatchObject({ reason: 'OPERATING_ACCOUNT_MISMATCH' })
    expect(counts('google_data_manager').counted).toBe(1)
  })

  const upload = (rows: unknown[]) =>
    post(
      'google_ads_conversions',
      '/v26/customers/1234567890:uploadClickConversions',
      { conversions: rows, partialFailure: true },
      token(),
    )
  const row = (changes: Record<string, unknown> = {}) => ({
    conversionAction: 'customers/1234567890/conversionActions/7000000001',
    conversionDateTime: `${new Date(systemClock.nowMs()).toISOString().slice(0, 19).replace('T', ' ')}+00:00`,
    gclid: 'Cj0',
    orderId: 'a1',
    ...changes,
  })
  const errorsIn = (body: { partialFailureError?: { details: { errors: unknown[] }[] } }) =>
    body.partialFailureError?.details[0]?.errors ?? []

  it('takes the rows of an upload one by one', async () => {
    expect(errorsIn((await upload([row(), row({ orderId: 'a2', gclid: '!' })])).json)).toMatchObject([
      {
        errorCode: { conversionUploadError: 'UNPARSEABLE_GCLID' },
        location: { fieldPathElements: [{ fieldName: 'conversions', index: 1 }, {}] },
      },
    ])
    const again = await upload([row(), row({ orderId: 'a3' }), row({ orderId: 'a3' })])
    expect(errorsIn(again.json)).toMatchObject([
      { errorCode: { conversionUploadError: 'ORDER_ID_ALREADY_IN_USE' } },
      { errorCode: { conversionUploadError: 'DUPLICATE_ORDER_ID' } },
      { errorCode: { conversionUploadError: 'DUPLICATE_ORDER_ID' } },
    ])
    expect(counts('google_ads_conversions')).toMatchObject({ counted: 1 })
  })

  it('changes conversions that it has', async () => {
    const change = (changes: Record<string, unknown>) =>
      post(
        'google_ads_conversions',
        '/v26/customers/1234567890:uploadConversionAdjustments',
        {
          conversionAdjustments: [
            {
              adjustmentType: 'RETRACTION',
              conversionAction: 'customers/1234567890/conversionActions/7000000001',
              orderId: 'a1',
              adjustmentDateTime: row().conversionDateTime,
              ...changes,
            },
          ],
          partialFailure: true,
        },
        token(),
      )
    expect(errorsIn((await change({})).json)).toEqual([])
    const codes = [{}, { orderId: 'none' }, { restatementValue: {} }].map(async (changes) =>
      errorsIn((await change(changes)).json),
    )
    expect(await Promise.all(codes)).toMatchObject([
      [{ errorCode: { conversionAdjustmentUploadError: 'CONVERSION_ALREADY_RETRACTED' } }],
      [{ errorCode: { conversionAdjustmentUploadError: 'CONVERSION_NOT_FOUND' } }],
      [{ errorCode: { conversionAdjustmentUploadError: 'RESTATEMENT_VALUE_FORBIDDEN' } }],
    ])
  })
})

describe('WhatsApp in the sandbox', () => {
  const send = (to: string, name = 'hello_world', components?: unknown) => {
    const { phone_number_id, access_token } = sandbox().conversions.credentials.whatsapp
    const message = {
      messaging_product: 'whatsapp',
      to,
      type: 'template',
      template: { name, language: { code: 'en_US' }, components },
      biz_opaque_callback_data: 'cb-1',
    }
    return post('whatsapp', `/v26.0/${phone_number_id}/messages`, message, bearer(access_token))
  }

  it('delivers what is sent, and tells of it with a signature', async () => {
    expect((await send('16505551212')).json.messages).toMatchObject([{ message_status: 'accepted' }])
    const { body, signature } = (await call(`${sandbox().url}/_sandbox/conversions/whatsapp/delivered`, {}))
      .json
    expect(JSON.parse(body).entry[0].changes[0].value.statuses).toMatchObject([
      { status: 'delivered', biz_opaque_callback_data: 'cb-1', recipient_id: '16505551212' },
    ])
    const { app_secret } = sandbox().conversions.credentials.whatsapp
    expect(signature).toBe(`sha256=${createHmac('sha256', app_secret).update(body).digest('hex')}`)
  })

  it('refuses a second message to one recipient at once, and templates that it does not know', async () => {
    await send('16505550000')
    expect((await send('16505550000')).json.error).toMatchObject({ code: 131056 })
    expect((await send('16505550001', 'none')).json.error).toMatchObject({ code: 132001 })
    expect((await send('16505550001', 'order_confirmation')).json.error).toMatchObject({ code: 132000 })
    expect((await send('me')).json.error).toMatchObject({ code: 100 })
    const body = (...parameters: object[]) => ({
      type: 'body',
      parameters: parameters.map((one) => ({ type: 'text', ...one })),
    })
    const a = { text: 'a' }
    for (const components of [
      ...['a\nb', 'a\tb', 'a     b', ' ', 'a\0'].map((text) => [body(a, { text })]),
      [body(a, a), body(a, a)],
      [body(a, { ...a, parameter_name: 'b' })],
    ])
      expect((await send('16505550001', 'order_confirmation', components)).json.error).toMatchObject({
        code: 100,
      })
    expect((await send('16505550001', 'order_confirmation', [body(a, { text: 'b    c' })])).status).toBe(200)
  })
})
