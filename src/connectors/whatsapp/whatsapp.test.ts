import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOW_MS, responseOf } from '../conversions/cases.test-support.ts'
import {
  MessageTemplate,
  readMessage,
  readWhatsAppTest,
  recipientOf,
  sendMessage,
  testWhatsApp,
  WHATSAPP_API,
  WhatsAppCredentials,
} from './messages.ts'
import {
  challengeOf,
  isSigned,
  laterStatus,
  type MessageStatus,
  numbersNamed,
  statusesIn,
} from './webhook.ts'

interface Cases {
  readonly messages: readonly { title: string; message: { to: string; template: unknown }; body: unknown }[]
  readonly answers: readonly {
    title: string
    status?: number
    headers?: Record<string, string>
    body?: unknown
    text?: string
    expect: Record<string, unknown>
  }[]
}
const cases: Cases = JSON.parse(readFileSync(new URL('./cases.json', import.meta.url), 'utf8'))
const seed = Number(process.env['SEED'] ?? 20261128)

const credentials = WhatsAppCredentials.parse({
  phone_number_id: '10001',
  access_token: 'EAAwa',
  webhook_verify_token: 'verify',
})

describe('messages of WhatsApp', () => {
  it.each(cases.messages.map((each) => [each.title, each] as const))(
    'sends %s',
    (_title, { message, body }) => {
      const template = MessageTemplate.parse(message.template)
      const recipient = recipientOf(message.to, 'US') ?? ''
      const request = sendMessage(WHATSAPP_API, credentials, template, recipient, 'cb-1')
      expect(`${request.method} ${request.url}`).toBe('POST https://graph.facebook.com/v26.0/10001/messages')
      expect(request.headers).toMatchObject({ authorization: 'Bearer EAAwa' })
      expect(JSON.parse(request.body ?? '')).toEqual(body)
    },
  )

  it.each(cases.answers.map((each) => [each.title, each] as const))('reads %s', (_title, each) => {
    expect(readMessage(responseOf(each), NOW_MS)).toMatchObject(each.expect)
  })

  it('goes to a number, and to nothing else', () => {
    expect(recipientOf('(650) 555-1212', 'US')).toBe('16505551212')
    expect(recipientOf('+44 113 496 0987', undefined)).toBe('441134960987')
    expect(recipientOf('me', 'US')).toBeUndefined()
    for (const to of ['5215512345678', '+52 1 55 1234 5678', '+525512345678'])
      expect(recipientOf(to, undefined)).toBe('525512345678')
    expect(recipientOf('+52 1 55 1234 5678', 'US')).toBe('525512345678')
    expect(recipientOf('5215512345678', 'MX')).toBe('525512345678')
    for (const to of ['6505551216', '+6505551216', '+10005551212'])
      expect(recipientOf(to, undefined)).toBeUndefined()
    expect(recipientOf('(050) 555-1212', 'US')).toBeUndefined()
  })

  it('tests a connection by looking at its number', () => {
    expect(testWhatsApp(WHATSAPP_API, credentials)).toMatchObject({
      method: 'GET',
      url: 'https://graph.facebook.com/v26.0/10001?fields=id,verified_name',
    })
    expect(readWhatsAppTest(responseOf({ body: { id: '10001', verified_name: 'Shop' } }))).toMatchObject({
      is: 'works',
    })
    const refused = responseOf({ status: 401, body: { error: { code: 190, message: 'expired' } } })
    expect(readWhatsAppTest(refused)).toEqual({ is: 'fails', detail: 'HTTP 401 expired' })
  })
})

describe('the webhook of WhatsApp', () => {
  it('answers the challenge of whoever knows the token', () => {
    const asked = (changes: Record<string, string>) =>
      challengeOf(
        new URLSearchParams({
          'hub.mode': 'subscribe',
          'hub.verify_token': 'verify',
          'hub.challenge': '1158201444',
          ...changes,
        }),
        'verify',
      )
    expect(asked({})).toBe('1158201444')
    expect(asked({ 'hub.verify_token': 'other' })).toBeUndefined()
    expect(asked({ 'hub.mode': 'unsubscribe' })).toBeUndefined()
    expect(asked({ 'hub.challenge': '<script>' })).toBeUndefined()
    expect(challengeOf(new URLSearchParams(), 'verify')).toBeUndefined()
  })

  it('believes what is signed', () => {
    const signature = 'sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914'
    const body = Buffer.from('test')
    expect(isSigned(body, signature, 'secret')).toBe(true)
    expect(isSigned(body, signature.toUpperCase().replace('SHA', 'sha'), 'secret')).toBe(true)
    expect(isSigned(body, signature, 'other')).toBe(false)
    expect(isSigned(Buffer.from('test '), signature, 'secret')).toBe(false)
    for (const header of [undefined, '', 'sha256=', `sha1=${signature.slice(7)}`, signature.slice(0, -1)])
      expect(isSigned(body, header, 'secret')).toBe(false)
  })

  it('believes bytes, not the text they make: escaped and plain letters are signed apart', () => {
    const sign = (body: string) => `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`
    const escaped = '{"text":"h\\u00e9llo \\ud83d\\ude00","url":"https:\\/\\/x.example"}'
    const plain = JSON.stringify(JSON.parse(escaped))
    expect(JSON.parse(escaped)).toEqual(JSON.parse(plain))
    expect(sign(escaped)).toBe('sha256=d7255c71a7351533eb7321d1608a9aa73100c3947139fd95d3faef9ccb106f9e')
    expect(isSigned(Buffer.from(escaped), sign(escaped), 'secret')).toBe(true)
    expect(isSigned(Buffer.from(plain), sign(plain), 'secret')).toBe(true)
    expect(isSigned(Buffer.from(plain), sign(escaped), 'secret')).toBe(false)
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    const ofBytes = `sha256=${createHmac('sha256', 'secret').update(bytes).digest('hex')}`
    expect(isSigned(bytes, ofBytes, 'secret')).toBe(true)
    expect(isSigned(Buffer.from(bytes.toString()), ofBytes, 'secret')).toBe(false)
  })

  it('finds the numbers that bytes speak of, up to a thousand, without reading them as JSON', () => {
    const named = (text: string) => numbersNamed(Buffer.from(text))
    expect(
      named('{"phone_number_id":"1","x":{"phone_number_id" : "2_b"},"y":{"phone_number_id":"1"}}'),
    ).toEqual([...['1', '2_b']])
    expect(named('{"phone_number_id":7,"phone_number_id":"a b","phone_number_id":"')).toEqual([])
    const many = Array.from({ length: 2_000 }, (_one, at) => `"phone_number_id":"${at}"`).join()
    expect(named(many)).toHaveLength(1_000)
    expect(numbersNamed(Buffer.from([0xff, 0xfe]))).toEqual([])
  })

  it('never lets a status go back, in whatever order and how often they come', () => {
    const statuses = fc.array(
      fc.constantFrom<MessageStatus>('accepted', 'sent', 'failed', 'delivered', 'read'),
    )
    fc.assert(
      fc.property(statuses, (all) => {
        const settled = all.reduce(laterStatus, 'accepted')
        expect([...all].reverse().reduce(laterStatus, 'accepted')).toBe(settled)
        expect([...all, ...all].reduce(laterStatus, 'accepted')).toBe(settled)
        if (all.includes('read')) expect(settled).toBe('read')
      }),
      { seed },
    )
    expect(laterStatus('read', 'sent')).toBe('read')
    expect(laterStatus('sent', 'failed')).toBe('failed')
    expect(laterStatus('failed', 'sent')).toBe('failed')
  })

  it('reads statuses and leaves out everything else', () => {
    const body = {
      object: 'whatsapp_business_account',
      entry: [
        {
          id: '1',
          changes: [
            { field: 'account_update', value: { statuses: [{ id: 'x', status: 'sent' }] } },
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: { display_phone_number: '1', phone_number_id: '10001' },
                messages: [{ id: 'wamid.in', text: { body: 'hello' } }],
                statuses: [
                  {
                    id: 'wamid.1',
                    status: 'failed',
                    timestamp: '1795860000',
                    recipient_id: '16505551212',
                    biz_opaque_callback_data: 'cb-1',
                    errors: [
                      { code: 131026, title: 'undeliverable', error_data: { details: 'no such user' } },
                    ],
                  },
                  { id: 'wamid.2', status: 'sent' },
                  { id: 'wamid.3', status: 'accepted' },
                  // Of the payment that the message asked for, which says nothing of the message.
                  { id: 'wamid.1', type: 'payment', status: 'captured', payment: { reference_id: 'o-1' } },
                  { id: 'wamid.4', type: 'payment', status: 'failed', payment: { reference_id: 'o-2' } },
                  { id: 'call.1', type: 'call', status: 'RINGING' },
                  { id: 'wamid.5', status: 'deleted' },
                  { id: 'wamid.5', status: 'warning' },
                  { id: 'wamid.6', type: 'message', status: 'delivered' },
                  { id: 'wamid.7', status: 'played' },
                  { id: 7, status: 'sent' },
                  null,
                ],
              },
            },
          ],
        },
      ],
    }
    const common = { phoneNumberId: '10001', callbackData: undefined, error: undefined, atMs: undefined }
    expect(statusesIn(body)).toEqual([
      {
        ...common,
        messageId: 'wamid.1',
        status: 'failed',
        atMs: 1795860000000,
        callbackData: 'cb-1',
        error: { code: '131026', detail: 'no such user' },
      },
      { ...common, messageId: 'wamid.2', status: 'sent' },
      { ...common, messageId: 'wamid.6', status: 'delivered' },
      { ...common, messageId: 'wamid.7', status: 'read' },
    ])
  })

  it('survives any body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(statusesIn(body)).toEqual([])
        expect(
          Array.isArray(
            statusesIn({ object: 'whatsapp_business_account', entry: [body, { changes: body }] }),
          ),
        ).toBe(true)
      }),
      { seed },
    )
  })
})
