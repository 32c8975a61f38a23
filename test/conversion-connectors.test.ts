import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BatchAnswer,
  type Conversion,
  conversionConnectors,
  isSigned,
  MessageTemplate,
  readMessage,
  recipientOf,
  sendMessage,
  statusesIn,
  WHATSAPP_API,
  WhatsAppCredentials,
} from '../src/connectors/index.ts'
import { createHttpClient, type HttpRequest, type HttpResponse } from '../src/http/http.ts'
import { type ConversionApi, type Sandbox, startSandbox } from '../src/sandbox/index.ts'
import { systemClock } from '../src/time/clock.ts'

let sandbox: Sandbox
const http = createHttpClient(systemClock)
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, clock: systemClock, reportMs: 0 })
})
afterAll(async () => {
  await http.close()
  await sandbox.close()
})

async function exchange(request: HttpRequest): Promise<HttpResponse> {
  const sent = await http.send(request, 10_000)
  if (sent.is !== 'answered') throw new Error(`${request.url}: ${sent.detail}`)
  return sent.response
}

const WAYS = [
  ['meta', 'graph', 'meta_conversions', 'v26.0', {}],
  ['tiktok', 'business', 'tiktok_conversions', 'v1.3', {}],
  ['snapchat', 'conversions', 'snapchat_conversions', 'v3', {}],
  ['snapchat', 'conversions', 'snapchat_conversions', 'v2', {}],
  ['google', 'data_manager', 'google_data_manager', 'v1', {}],
  ['google', 'google_ads', 'google_ads_conversions', 'v26', { api: 'google_ads' }],
] as const satisfies readonly [keyof typeof conversionConnectors, string, ConversionApi, string, object][]

const USER = {
  email: ' Mary.Major@Gmail.com',
  phone: '(650) 555-1212',
  first_name: 'Mary',
  last_name: 'Major, Jr.',
  city: 'San Francisco',
  state: 'California',
  zip: '94025-1234',
  country: 'US',
  external_id: 'customer-1',
  client_ip_address: '203.0.113.9',
  client_user_agent: 'Mozilla/5.0',
  gclid: 'Cj0KCQ',
  ttclid: 'E.C.P.1',
  sc_click_id: 'sc-1',
}
const CANARIES = ['mary', 'major', '5551212', 'mary.major']

describe.each(WAYS)('%s by %s', (platform, name, api, version, more) => {
  const connector = conversionConnectors[platform]
  const setUp = () => {
    const credentials = connector.credentials.parse({ ...sandbox.conversions.credentials[platform], ...more })
    expect(connector.apiOf(credentials)).toBe(name)
    expect(Object.keys(connector.apis)).toContain(name)
    const token = connector.refresh(credentials) && sandbox.credentials.googleAds.accessToken
    return { credentials, token, target: { baseUrl: sandbox.conversions.urls[api], version } }
  }
  const conversion = (id: string, changes: Partial<Conversion> = {}): Conversion => ({
    eventId: `${version}-${id}`,
    eventName: 'purchase',
    platformEvent: connector.events['purchase'],
    parameters: {},
    isNameShared: false,
    appData: undefined,
    eventTimeMs: systemClock.nowMs() - 60_000,
    actionSource: 'website',
    eventSourceUrl: 'https://shop.example/thanks',
    customData: {
      value: 49.9,
      currency: 'USD',
      order_id: `${version}-${id}`,
      contents: [{ id: 'sku-1', quantity: 2, item_price: 24.95 }],
    },
    consent: { ad_user_data: 'granted', ad_personalization: 'granted' },
    identifiers: connector.identifiers(USER, 'US'),
    ...changes,
  })
  const send = async (...batch: Conversion[]): Promise<BatchAnswer> => {
    const { target, credentials, token } = setUp()
    const response = await exchange(connector.send(target, credentials, batch, token))
    return connector.read(response, batch, systemClock.nowMs())
  }
  const isOf = (answer: BatchAnswer) => (answer.is === 'taken' ? answer.verdicts.map(({ is }) => is) : answer)

  it('takes what the connector finds no fault with, once', async () => {
    const batch = [conversion('a'), conversion('b')]
    expect(batch.map((each) => connector.faultOf(each, setUp().credentials))).toEqual([undefined, undefined])
    const before = sandbox.conversions.counts()[api]
    expect(isOf(await send(...batch))).toEqual(['acknowledged', 'acknowledged'])
    expect(isOf(await send(...batch))).toEqual(['acknowledged', 'acknowledged'])
    const after = sandbox.conversions.counts()[api]
    expect(after.counted - before.counted).toBe(2)
    expect(after.doubled).toBe(0)
    const seen = JSON.stringify(sandbox.conversions.recent(api)).toLowerCase()
    for (const canary of CANARIES) expect(seen).not.toContain(canary)
  })

  it('delivers the others of a call with an event that is refused', async () => {
    sandbox.conversions.refuse(api, `${version}-bad`, true)
    const batch = [conversion('c'), conversion('bad'), conversion('d')]
    const answer = await send(...batch)
    if (answer.is === 'taken') expect(isOf(answer)).toEqual(['acknowledged', 'rejected', 'acknowledged'])
    else {
      expect(answer).toMatchObject({ is: 'batch_refused' })
      expect(answer.is === 'batch_refused' && [...answer.verdicts.keys()]).toEqual([1])
      expect(isOf(await send(conversion('c'), conversion('d')))).toEqual(['acknowledged', 'acknowledged'])
    }
    sandbox.conversions.refuseNothing()
  })

  it('proves a connection, and says so when it is lost', async () => {
    const { target, credentials, token } = setUp()
    const test = async () => connector.readTest(await exchange(connector.test(target, credentials, token)))
    expect(await test()).toMatchObject({ is: 'works' })
    sandbox.conversions.revokeToken(api)
    expect(await test()).toMatchObject({ is: 'fails' })
    expect((await send(conversion('e'))).is).toMatch(/^auth_(lost|expired)$/)
    sandbox.conversions.restoreToken(api)
  })

  it('does not know what became of a call whose answer is lost or is a page', async () => {
    for (const fault of [{ is: 'http_after', status: 502 }, { is: 'malformed' }] as const) {
      sandbox.faults.add({ platform: api, fault })
      expect((await send(conversion(`f-${fault.is}`))).is).toBe('transient')
      expect(isOf(await send(conversion(`f-${fault.is}`)))).toEqual(['acknowledged'])
    }
    expect(sandbox.conversions.counts()[api].doubled).toBe(0)
  })
})

it('asks Google later what became of a call', async () => {
  const { later } = conversionConnectors.google
  const credentials = conversionConnectors.google.credentials.parse(sandbox.conversions.credentials.google)
  const target = { baseUrl: sandbox.conversions.urls.google_data_manager, version: 'v1' }
  const token = sandbox.credentials.googleAds.accessToken
  const old = {
    eventId: 'late',
    eventName: 'purchase',
    platformEvent: undefined,
    parameters: {},
    isNameShared: false,
    appData: undefined,
    eventTimeMs: Date.parse('2020-01-01T00:00:00Z'),
    actionSource: 'website',
    eventSourceUrl: undefined,
    customData: {},
    consent: undefined,
    identifiers: { gclid: 'Cj0' },
  }
  const batch = [old, { ...old, eventId: 'soon', eventTimeMs: systemClock.nowMs() }]
  const response = await exchange(conversionConnectors.google.send(target, credentials, batch, token))
  const answer = conversionConnectors.google.read(response, batch, systemClock.nowMs())
  if (answer.is !== 'taken' || !later) throw new Error('the call was to be taken')
  const status = await exchange(later.status(target, answer.requestId ?? '', token))
  expect(later.readStatus(status)).toEqual({
    is: 'done',
    taken: 1,
    failed: [{ reason: 'EVENT_TOO_OLD', count: 1 }],
  })
})

it('sends a message of WhatsApp, and learns what became of it', async () => {
  const credentials = WhatsAppCredentials.parse(sandbox.conversions.credentials.whatsapp)
  const target = { ...WHATSAPP_API, baseUrl: sandbox.conversions.urls.whatsapp }
  const template = MessageTemplate.parse({
    name: 'order_confirmation',
    language: 'en_US',
    components: [{ type: 'body', parameters: ['Mary', '49.90'].map((text) => ({ type: 'text', text })) }],
  })
  const recipient = recipientOf('+1 650 555 1212', undefined) ?? ''
  const request = sendMessage(target, credentials, template, recipient, 'cb-7')
  expect(readMessage(await exchange(request), systemClock.nowMs())).toMatchObject({
    is: 'accepted',
    isHeld: false,
  })
  expect(readMessage(await exchange(request), systemClock.nowMs())).toMatchObject({
    is: 'throttled',
    of: 'recipient',
  })
  const { sent, webhook } = sandbox.conversions.whatsapp
  const [first] = sent
  if (!first) throw new Error('a message was to be taken')
  const { body, signature } = webhook(first, 'read')
  expect(isSigned(Buffer.from(body), signature, credentials.app_secret ?? '')).toBe(true)
  expect(statusesIn(JSON.parse(body))).toMatchObject([
    { status: 'read', callbackData: 'cb-7', messageId: first.id },
  ])
})
