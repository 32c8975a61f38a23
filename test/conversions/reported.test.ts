import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MESSAGE_WEBHOOK } from '../../src/conversions/index.ts'
import { event, startConversions } from '../support/conversions.ts'
import { type Reply, sharedHarness } from '../support/harness.ts'

/** What people have reported of other programs that send conversions, each asked of this one. */

const PREVIEW = '/api/v1/conversions/preview'
const user_data = {
  ...{ email: 'ann@x.example', client_user_agent: 'Mozilla/5.0', client_ip_address: '203.0.113.7' },
  ...{ country: 'US', gclid: 'Cj0K_x-1' },
}
const shared = sharedHarness()

async function previews(...said: object[]): Promise<Reply['body'][]> {
  const { send } = await shared()
  const events = said.map((one, at) => event({ event_id: `e${at}`, platforms: undefined, user_data, ...one }))
  const { body } = await send('POST', PREVIEW, { events })
  expect(body.previews).toBeDefined()
  return body.previews
}
const bodyFor = (made: readonly Reply['body'][], platform: string) =>
  made.find((one) => one.platform === platform).request.body

describe('what was reported of others', () => {
  it('a city in any script is hashed, or not sent (facebook-java-business-sdk 421)', async () => {
    for (const city of ['Zürich', '東京', 'St. Gallen', '8000', '北京市 1', "L'Aquila", '–']) {
      const { ct } = bodyFor(await previews({ user_data: { ...user_data, city } }), 'meta').data[0].user_data
      expect([city, ct ?? '']).toEqual([city, expect.stringMatching(/^$|^[0-9a-f]{64}$/)])
    }
  })

  it('an item without a price has none, and a price is a number (react-native-tiktok-business-sdk 30)', async () => {
    const contents = [{ id: 'a' }, { id: 'b', quantity: 2, item_price: 24.95 }]
    const made = await previews({ custom_data: { value: 1, currency: 'USD', contents } })
    expect(bodyFor(made, 'tiktok').data[0].properties.contents).toEqual([
      { content_id: 'a', quantity: 1 },
      { content_id: 'b', quantity: 2, price: 24.95 },
    ])
  })

  it('an id of digits alone is a text for every platform (stape-io/tiktok-tag 10)', async () => {
    const custom_data = { value: 1, currency: 'USD', order_id: '0273196', contents: [{ id: '0042' }] }
    const made = await previews({ event_id: '273196', custom_data })
    expect(bodyFor(made, 'tiktok').data[0]).toMatchObject({
      event_id: '273196',
      properties: { order_id: '0273196', content_ids: ['0042'] },
    })
    expect(bodyFor(made, 'meta').data[0]).toMatchObject({
      event_id: '273196',
      custom_data: { order_id: '0273196' },
    })
    expect(bodyFor(made, 'google').events[0].transactionId).toBe('0273196')
  })

  it('the id of an event is where Snapchat looks for it (PostHog 101339)', async () => {
    const { event_id, custom_data } = bodyFor(await previews({}), 'snapchat').data[0]
    expect([event_id, custom_data.event_id]).toEqual(['e0', undefined])
  })

  it('a currency in small letters is taken, and sent in capitals (segmentio/action-destinations 636)', async () => {
    const made = await previews({ custom_data: { value: 1, currency: 'usd' } })
    expect(bodyFor(made, 'snapchat').data[0].custom_data.currency).toBe('USD')
    expect(bodyFor(made, 'google').events[0].currency).toBe('USD')
  })

  it('a time of another zone is converted, not cut (PostHog 27712)', async () => {
    const { send, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
    const credentials = { ...sandbox.conversions.credentials.google, api: 'google_ads' }
    await send('PUT', '/api/v1/conversions/connections/google', { credentials })
    const events = [
      event({ platforms: ['google', 'meta'], user_data, event_time: '2026-11-20T12:30:00+05:30' }),
    ]
    const { body } = await send('POST', PREVIEW, { events })
    expect(bodyFor(body.previews, 'google').conversions[0].conversionDateTime).toBe(
      '2026-11-20 07:00:00+00:00',
    )
    expect(bodyFor(body.previews, 'meta').data[0].event_time).toBe(Date.UTC(2026, 10, 20, 7) / 1_000)
  })

  it('an event of any source tells Google where it happened (google-cloud-php 9201)', async () => {
    const sources = [
      'website',
      'app',
      'email',
      'phone_call',
      'chat',
      'physical_store',
      'system_generated',
      'other',
    ]
    const made = await previews(...sources.map((action_source) => ({ action_source, platforms: ['google'] })))
    expect(made.map(({ request }) => request.body.events[0].eventSource)).toEqual([
      ...['WEB', 'APP', 'OTHER', 'PHONE', 'MESSAGE', 'IN_STORE', 'OTHER', 'OTHER'],
    ])
  })

  it('a number that begins as it is dialled from another country is read, without a country too (codflow 89)', async () => {
    const said = { user_data: { ...user_data, country: undefined, phone: '00213 551 23 45 67' } }
    const { ph } = bodyFor(await previews(said), 'meta').data[0].user_data
    expect(ph).toBe(createHash('sha256').update('213551234567').digest('hex'))
  })

  it('no token is guessed by a query that is none (erxes 8929)', async () => {
    const { get } = await shared()
    for (const token of ['verify_token[$ne]=x', 'verify_token=&hub.verify_token=x', 'verify_token[]=x']) {
      const { status } = await get(`${MESSAGE_WEBHOOK}?hub.mode=subscribe&hub.challenge=1&hub.${token}`)
      expect([token, status]).toEqual([token, 403])
    }
  })

  it('one event that Meta names by quoted members loses nobody else (ConversionsAPI-Tag 20)', async () => {
    const { post, meta, ended } = await startConversions()
    const words = (at: number) =>
      `The parameter $['data'][${at}]['custom_data']['contents'] must be an array.`
    meta.rule = ({ body }) => {
      const at = body.data.findIndex(({ event_id }) => event_id === 'bad')
      const error = {
        code: 100,
        error_subcode: 2804019,
        message: 'Invalid parameter',
        error_user_msg: words(at),
      }
      return at < 0 ? undefined : { status: 400, body: { error } }
    }
    await post(Array.from({ length: 50 }, (_, at) => ({ event_id: at === 20 ? 'bad' : `e${at}` })))
    expect(await ended('bad')).toMatchObject({ state: 'dead', code: '100/2804019' })
    expect(await ended('e49')).toMatchObject({ state: 'acknowledged' })
    expect([meta.calls.length, meta.counted.size]).toEqual([2, 49])
  })

  it('one event with a code that TikTok lists nowhere loses nobody else', async () => {
    const { post, ended, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
    const text = JSON.stringify({ code: 40000, message: 'Invalid Price Field', request_id: 'r', data: {} })
    const fault = {
      is: 'instead',
      status: 200,
      headers: { 'content-type': 'application/json' },
      text,
    } as const
    sandbox.faults.add({ platform: 'tiktok_conversions', method: 'POST', fault, times: 3 })
    await post(
      Array.from({ length: 4 }, (_, at) => ({ event_id: `e${at}`, platforms: ['tiktok'], user_data })),
    )
    const ends = await Promise.all([0, 1, 2, 3].map((at) => ended(`e${at}`)))
    expect(ends.map(({ state }) => state).toSorted()).toEqual([
      ...['acknowledged', 'acknowledged', 'acknowledged', 'dead'],
    ])
    expect(ends.find(({ state }) => state === 'dead')).toMatchObject({ code: '40000' })
  })

  it('a message that failed and is delivered after all has no error any more (chatwoot 13377, 14529), and whoever has hidden the number is told of by an id alone (courier 571, pywa 188)', async () => {
    const { send, until, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    const path = '/api/v1/conversions/messages'
    const template = { name: 'hello_world', language: 'en_US' }
    await send('POST', path, { message_id: 'm1', to: '+1 650 555 1212', template })
    await until(`${path}/m1`, ({ state }) => state === 'accepted')
    const callback = sandbox.conversions.whatsapp.sent[0]?.callbackData
    const tell = async (status: string, timestamp: string) => {
      const one = {
        id: 'wamid.sandbox1',
        status,
        timestamp,
        recipient_user_id: 'US.13491208655302741918',
        biz_opaque_callback_data: callback,
      }
      const errors = [{ code: 131026, title: 'Message undeliverable' }]
      const value = {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '1', phone_number_id: '100000000000001' },
        contacts: [{ user_id: 'US.13491208655302741918' }],
        statuses: [{ ...one, ...(status === 'failed' && { errors }) }],
      }
      const text = JSON.stringify({
        object: 'whatsapp_business_account',
        entry: [{ id: '1', changes: [{ field: 'messages', value }] }],
      })
      const signature = createHmac('sha256', 'sandbox-whatsapp-secret').update(text).digest('hex')
      await send('POST', MESSAGE_WEBHOOK, text, { 'x-hub-signature-256': `sha256=${signature}` })
      return (await send('GET', `${path}/m1`)).body
    }
    expect(await tell('failed', '1795860001')).toMatchObject({ state: 'failed', code: '131026' })
    expect(await tell('delivered', '1795860002')).toMatchObject({
      ...{ state: 'delivered', code: null, error_message: null },
    })
    for (const late of ['sent', 'failed', 'delivered'])
      expect(await tell(late, '1795860003')).toMatchObject({ state: 'delivered', code: null })
  })
})
