import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { MESSAGE_WEBHOOK } from '../../src/conversions/index.ts'
import { event, startConversions } from '../support/conversions.ts'
import { goOn, type Reply, sharedHarness } from '../support/harness.ts'
import { environmentOn } from '../support/postgres.ts'
import { seedOr } from '../support/seed.ts'

const PATH = '/api/v1/conversions/messages'
const SECRET = 'sandbox-whatsapp-secret'
const NUMBER = '100000000000001'
const DAY_MS = 86_400_000
const seed = seedOr(20261128)

const ENGINES = [
  ['sqlite', async (): Promise<Record<string, string>> => ({})],
  [
    'postgres',
    async (): Promise<Record<string, string>> => ({
      ...(await environmentOn('PostgreSQL')),
      // Processes of one database have the same keys.
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    }),
  ],
] as const

const shared = sharedHarness()

const body = (...texts: object[]) => ({
  type: 'body',
  parameters: texts.map((one) => ({ type: 'text', ...one })),
})
const button = (parameter: object) => ({
  ...{ type: 'button', sub_type: 'quick_reply', index: '0', parameters: [parameter] },
})

const message = (more: Record<string, unknown> = {}) => ({
  message_id: 'm1',
  to: '+1 650 555 1212',
  template: { name: 'hello_world', language: 'en_US' },
  ...more,
})

interface Told {
  readonly id?: string
  readonly status: string
  readonly callback?: string | undefined
  readonly number?: string
  readonly at?: string
}

const webhookOf = (told: readonly Told[]) => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '1',
      changes: told.map(({ id = 'wamid.x', status, callback, number = NUMBER, at = '1795860000' }) => ({
        field: 'messages',
        value: {
          messaging_product: 'whatsapp',
          metadata: { display_phone_number: '1', phone_number_id: number },
          statuses: [
            {
              ...{ id, status, timestamp: at, recipient_id: '16505551212' },
              ...(callback !== undefined && { biz_opaque_callback_data: callback }),
              ...(status === 'failed' && { errors: [{ code: 131026, title: 'no user +1 650 555 1212' }] }),
            },
          ],
        },
      })),
    },
  ],
})

async function start(environment: Record<string, string> = {}) {
  const harness = await startConversions({ CONVERSION_APIS: '{}', ...environment })
  const { send, until, sandbox } = harness
  return {
    ...harness,
    post: (more: Record<string, unknown> = {}, headers?: Record<string, string>) =>
      send('POST', PATH, message(more), headers),
    state: async (id: string, holds: (shown: Reply['body']) => boolean, stepMs?: number) =>
      (await until(`${PATH}/${id}`, holds, stepMs)).body,
    tell: (told: readonly Told[] | string, secret = SECRET) => {
      const body = typeof told === 'string' ? told : JSON.stringify(webhookOf(told))
      const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
      return send('POST', MESSAGE_WEBHOOK, body, { 'x-hub-signature-256': signature })
    },
    sent: sandbox.conversions.whatsapp.sent,
  }
}
const is =
  (...states: string[]) =>
  (shown: Reply['body']) =>
    states.includes(shown.state)

describe.each(ENGINES)('messages of WhatsApp with %s', (_, environment) => {
  it('are sent once, and followed to their end by signed webhooks', async () => {
    const { post, state, sent, get, metrics } = await start(await environment())
    const first = await post()
    expect(first).toMatchObject({ status: 202, body: { status: 'accepted', message_id: 'm1', attempts: 0 } })
    const again = await post({ to: '16505551212' })
    expect(again).toMatchObject({ status: 200, body: { status: 'duplicate', message_id: 'm1' } })
    const other = await post({ to: '+1 650 555 1213' })
    expect(other).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused', field: 'message_id' },
    })
    expect(await state('m1', is('delivered'), 10_000)).toMatchObject({
      ...{ template: 'hello_world', language: 'en_US', attempts: 1, code: null },
      ...{ platform_message_id: 'wamid.sandbox1', next_attempt_at: null },
      status_at: expect.stringMatching(/^20/),
    })
    expect(sent).toHaveLength(1)
    await post({ message_id: 'm2', to: '+1 650 555 0026' })
    expect(await state('m2', is('failed'), 10_000)).toMatchObject({ code: '131026' })
    const { body } = await get(`${PATH}?limit=1`)
    expect(body.messages).toMatchObject([{ message_id: 'm2' }])
    expect((await get(`${PATH}?before=${body.next_before}`)).body).toMatchObject({
      messages: [{ message_id: 'm1' }],
      next_before: null,
    })
    expect((await get(`${PATH}?state=failed`)).body.messages).toHaveLength(1)
    const metric = await metrics()
    const counted = (result: string) => metric(`bidwarden_messages_total{result="${result}"}`)
    const results = ['taken', 'duplicate', 'accepted', 'unknown', 'delivered', 'failed']
    expect(results.map(counted)).toEqual([2, 1, 2, 0, 1, 1])
  })

  it('are not sent again after a timeout, until a status settles what became of them', async () => {
    const { post, state, tell, sandbox, sent, clock, get } = await start(await environment())
    sandbox.faults.add({ platform: 'whatsapp', method: 'POST', fault: { is: 'reset_after' }, times: 2 })
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    await post()
    await post({ message_id: 'm2', to: '+1 650 555 1213' })
    for (const id of ['m1', 'm2'])
      expect(await state(id, is('unknown'))).toMatchObject({ code: 'outcome_unknown', attempts: 1 })
    const callbackOf = (to: string) => sent.find((one) => one.to === to)?.callbackData
    expect(callbackOf('16505551212')).toMatch(/^[\w-]{32}$/)
    const told = { id: 'wamid.a', status: 'read', callback: callbackOf('16505551212') }
    // Of another number, and of nobody: taken, and nothing comes of it.
    expect(
      (
        await tell([
          { ...told, number: '7' },
          { ...told, callback: 'x' },
        ])
      ).status,
    ).toBe(200)
    expect(await state('m1', is('unknown'))).toBeDefined()
    expect((await tell([told])).status).toBe(200)
    expect(await state('m1', is('read'))).toMatchObject({ platform_message_id: 'wamid.a', code: null })
    clock.stepWall(9 * DAY_MS)
    const settled = await state('m2', ({ error_message }) => /none will/.test(error_message), 5_000)
    expect(settled).toMatchObject({ state: 'unknown', attempts: 1, next_attempt_at: null })
    const late = { id: 'wamid.b', status: 'delivered', callback: callbackOf('16505551213') }
    await tell([late])
    expect((await get(`${PATH}/m2`)).body).toMatchObject({ state: 'delivered', code: null })
    expect(sent).toHaveLength(2)
  })

  it('never go back, whatever order statuses come in, also several at once and to two processes', async () => {
    const shared = await environment()
    const one = await start(shared)
    const two = shared['DATABASE_URL'] ? await start(shared) : one
    const { post, state, sandbox, sent } = one
    // No webhook comes by itself.
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    two.sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    const ids = Array.from({ length: 12 }, (_one, at) => `p${at}`)
    for (const [at, message_id] of ids.entries()) await post({ message_id, to: `+1 650 555 13${10 + at}` })
    const callbacks: string[] = []
    for (const [at, id] of ids.entries()) {
      await state(id, is('accepted'))
      const all = [...sent, ...two.sent]
      callbacks.push(all.find(({ to }) => to === `165055513${10 + at}`)?.callbackData ?? '')
    }
    const order = ['accepted', 'sent', 'failed', 'delivered', 'read']
    const naive = new Map(ids.map((id) => [id, 'accepted']))
    const update = fc.record({
      at: fc.nat(ids.length - 1),
      status: fc.constantFrom('sent', 'delivered', 'read', 'failed'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(update, { minLength: 1, maxLength: 5 }), { maxLength: 3 }),
        async (webhooks) => {
          await Promise.all(
            webhooks.map(async (updates, turn) => {
              const told = updates.map(({ at, status }) => ({ status, callback: callbacks[at] ?? '' }))
              expect((await (turn % 2 ? two : one).tell(told)).status).toBe(200)
            }),
          )
          for (const { at, status } of webhooks.flat()) {
            const before = naive.get(ids[at] ?? '') ?? ''
            if (order.indexOf(status) > order.indexOf(before)) naive.set(ids[at] ?? '', status)
          }
          const { body } = await one.get(PATH)
          const shown = body.messages.map(({ message_id, state: now }: Record<string, string>) => [
            message_id,
            now,
          ])
          expect(new Map(shown)).toEqual(new Map([...naive].reverse()))
        },
      ),
      { seed, numRuns: 12 },
    )
  })

  it('wait where WhatsApp asks for it, and go then', async () => {
    const { post, state, sandbox, sent } = await start(await environment())
    const fail = (name: string) =>
      sandbox.faults.add({ platform: 'whatsapp', method: 'POST', fault: { is: 'error', name }, times: 1 })
    fail('130429')
    await post()
    expect(await state('m1', ({ code }) => code === '130429', 0)).toMatchObject({
      state: 'pending',
      attempts: 1,
    })
    expect(await state('m1', is('accepted', 'sent', 'delivered'))).toMatchObject({ attempts: 2 })
    // The recipient was just written to; WhatsApp is not even asked.
    await post({ message_id: 'm2' })
    fail('131056')
    await state('m2', is('accepted', 'sent', 'delivered'))
    expect(sent).toHaveLength(2)
    fail('132001')
    await post({ message_id: 'm3', to: '+1 650 555 1414' })
    expect(await state('m3', is('failed'))).toMatchObject({ code: '132001', next_attempt_at: null })
    fail('1')
    await post({ message_id: 'm4', to: '+1 650 555 1415' })
    expect(await state('m4', is('unknown'))).toMatchObject({ attempts: 1 })
    fail('131049')
    await post({ message_id: 'm5', to: '+1 650 555 1416' })
    const long = await state('m5', ({ code }) => code === '131049')
    expect(Date.parse(long.next_attempt_at) - Date.parse(long.last_attempt_at)).toBe(6 * 3_600_000)
    expect(sent).toHaveLength(2)
  })
})

describe('messages of WhatsApp', () => {
  it.each(['133010', '131045', '131005'])(
    'wait while the number is refused for %s, and go then',
    async (name) => {
      const { post, state, until, send, sandbox, sent } = await start()
      sandbox.faults.add({ platform: 'whatsapp', method: 'POST', fault: { is: 'error', name }, times: 1 })
      await post()
      const refused = await state('m1', ({ code }) => code === name, 0)
      expect(refused).toMatchObject({ state: 'pending', attempts: 1 })
      const connections = '/api/v1/conversions/connections'
      const isStopped = ({ connections: all }: Reply['body']) =>
        all.some((one: Reply['body']) => one.platform === 'whatsapp' && one.status === 'error')
      await until(connections, isStopped, 0)
      expect(sent).toEqual([])
      expect((await send('POST', `${connections}/whatsapp/test`)).body).toMatchObject({ status: 'connected' })
      expect(await state('m1', is('accepted', 'sent', 'delivered'))).toMatchObject({ attempts: 2 })
    },
  )

  it('wait while the number is not there, and go once it is named rightly', async () => {
    const { post, state, until, send, sandbox, sent } = await start()
    const connections = '/api/v1/conversions/connections'
    const { whatsapp } = sandbox.conversions.credentials
    const put = (phone_number_id: string) =>
      send('PUT', `${connections}/whatsapp`, { credentials: { ...whatsapp, phone_number_id } })
    // Its test is not answered, so it counts as working until a message is refused.
    sandbox.faults.add({ platform: 'whatsapp', method: 'GET', fault: { is: 'reset_after' }, times: 9 })
    await put('7')
    await post()
    expect(await state('m1', ({ code }) => code !== null, 0)).toMatchObject({ state: 'pending' })
    const isStopped = ({ connections: all }: Reply['body']) =>
      all.some((one: Reply['body']) => one.platform === 'whatsapp' && one.status === 'error')
    await until(connections, isStopped, 0)
    expect(sent).toEqual([])
    await put(whatsapp.phone_number_id)
    expect(await state('m1', is('accepted', 'sent', 'delivered'))).toMatchObject({ attempts: 2 })
  })

  it.each(['131057', '613'])('wait where the answer is %s', async (name) => {
    const { post, state, sandbox } = await start()
    sandbox.faults.add({ platform: 'whatsapp', method: 'POST', fault: { is: 'error', name }, times: 1 })
    await post()
    expect(await state('m1', ({ code }) => code === name, 0)).toMatchObject({ state: 'pending' })
    expect(await state('m1', is('accepted', 'sent', 'delivered'))).toMatchObject({ attempts: 2 })
  })

  it('are shown whatever time a status tells', async () => {
    const { post, state, tell, sandbox, sent } = await start()
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    await post()
    await state('m1', is('accepted'))
    const told = async (status: string, at: string) => {
      expect((await tell([{ status, at, callback: sent[0]?.callbackData }])).status).toBe(200)
      return state('m1', is(status))
    }
    expect(await told('sent', '9000000000000')).toMatchObject({ status_at: null })
    expect(await told('delivered', '-5')).toMatchObject({ status_at: null })
    expect(await told('read', '1795860000123')).toMatchObject({
      status_at: new Date(1_795_860_000_123).toISOString(),
    })
  })
})

describe('the door of messages', () => {
  it.each<[string, unknown, string]>([
    ['a line break', [body({ text: 'a\nb' })], '0.parameters.0.text'],
    ['a tab', [body({ text: 'a\tb' })], '0.parameters.0.text'],
    ['five spaces', [body({ text: 'a     b' })], '0.parameters.0.text'],
    ['blanks alone', [body({ text: '  ' })], '0.parameters.0.text'],
    ['the character 0', [body({ text: 'a\0' })], '0.parameters.0.text'],
    ['half a character', [body({ text: 'a\ud83d' })], '0.parameters.0.text'],
    [
      'half a character in a payload',
      [button({ type: 'payload', payload: '\ud83d' })],
      '0.parameters.0.payload',
    ],
    ['two bodies', [body({ text: 'a' }), body({ text: 'b' })], '1'],
    [
      'two buttons in one place',
      [button({ type: 'text', text: 'a' }), button({ type: 'text', text: 'b' })],
      '1',
    ],
    [
      'a name for some placeholders',
      [body({ text: 'a', parameter_name: 'a' }, { text: 'b' })],
      '0.parameters.1.parameter_name',
    ],
  ])('refuses a template with %s', async (_title, components, field) => {
    const { body: said } = await (await shared()).send('POST', PATH, {
      ...message(),
      template: { name: 'order_confirmation', language: 'en_US', components },
    })
    expect(said).toMatchObject({ status: 400, field: `template.components.${field}` })
  })

  it.each(['.', '..'])('refuses the id %s, by which nothing could be asked for', async (id) => {
    const { send } = await shared()
    expect((await send('POST', PATH, message({ message_id: id }))).body).toMatchObject({
      ...{ status: 400, field: 'message_id' },
    })
    const { body: said } = await send('POST', '/api/v1/conversions/events', {
      events: [event({ event_id: id })],
    })
    expect(JSON.stringify(said)).toContain('must not be . or ..')
  })

  it('refuses what would never be sent, and stores nothing of it', async () => {
    const { post, get, send } = await start()
    const refused = async (more: Record<string, unknown>) => (await post(more)).body
    for (const to of ['650 555 1212', '6505551216', '+6505551216', '+1 555 555 1212 12'])
      expect(await refused({ to })).toMatchObject({
        ...{ status: 400, field: 'to', detail: expect.stringContaining('country code, such as +1') },
      })
    expect(await refused({ consent: { messaging: 'denied' } })).toMatchObject({
      ...{ status: 400, field: 'consent.messaging' },
    })
    expect(await refused({ template: { name: 'x' } })).toMatchObject({
      status: 400,
      field: 'template.language',
    })
    expect(await refused({ text: 'hello' })).toMatchObject({ status: 400, field: 'text' })
    expect((await get(PATH)).body.messages).toEqual([])
    const credentials = { phone_number_id: '1', access_token: 'a', webhook_verify_token: 'v' }
    const put = (body: object) => send('PUT', '/api/v1/conversions/connections/whatsapp', body)
    expect((await put({ credentials: { ...credentials, extra: 'x' } })).body).toMatchObject({ status: 400 })
    expect((await put({ credentials: { ...credentials, app_secret: 'a\r\n' } })).body).toMatchObject({
      ...{ status: 400, field: 'credentials.app_secret' },
    })
    expect((await put({ credentials, settings: { default_region: 'US' } })).body).toMatchObject({
      ...{ platform: 'whatsapp', status: 'connected' },
    })
    expect((await post({ to: '650 555 1212' })).status).toBe(202)
    await send('DELETE', '/api/v1/conversions/connections/whatsapp')
    expect(await refused({ message_id: 'm9' })).toMatchObject({ status: 400 })
    const test = await send('POST', '/api/v1/conversions/connections/whatsapp/test')
    expect(test.body).toMatchObject({ status: 'disconnected' })
  })

  it('has room for so many that wait, and gives up what waits for a day', async () => {
    const { post, state, sandbox, sent, send, clock } = await start({ TABLE_LIMITS: 'waiting_messages=2' })
    sandbox.conversions.revokeToken('whatsapp')
    const test = await send('POST', '/api/v1/conversions/connections/whatsapp/test')
    expect(test.body).toMatchObject({ platform: 'whatsapp', status: 'error' })
    await post()
    await post({ message_id: 'm2', to: '+1 650 555 1213' })
    expect((await post({ message_id: 'm3', to: '+1 650 555 1214' })).status).toBe(429)
    // A repetition is told what became of the first, room or not.
    expect((await post()).status).toBe(200)
    const { body } = await send('GET', '/api/v1/conversions/connections')
    expect(body.connections).toContainEqual(
      expect.objectContaining({ platform: 'whatsapp', status: 'error' }),
    )
    clock.stepWall(DAY_MS + 1)
    for (const id of ['m1', 'm2']) expect(await state(id, is('failed'))).toMatchObject({ code: 'too_old' })
    expect(sent).toEqual([])
  })
})

describe('an error of WhatsApp, by the table of its page', () => {
  const page = readFileSync('docs/platforms/conversions.md', 'utf8')
  const rows = page
    .slice(page.indexOf('## Errors of WhatsApp'))
    .split('\n')
    .filter((line) => /^\| .*\d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const codesOf = (said: string) =>
    (rows.find((cells) => cells[2]?.includes(said))?.[1] ?? '')
      .replaceAll(/HTTP \d+|100 with subcode \d+|\([^)]*\)/g, '')
      .matchAll(/\b\d+\b/g)
      .map(([code]) => Number(code))
      .toArray()
  const answer = (code: number, more: object = {}) => ({
    ...({ is: 'instead', status: 400, headers: { 'content-type': 'application/json' } } as const),
    text: JSON.stringify({ error: { code, message: `(#${code})`, type: 'OAuthException', ...more } }),
  })

  /** Sends a message that is answered so, and shows it once the answer is known. */
  const started = async () => {
    const harness = await start()
    const { sandbox, post, state } = harness
    let number = 10
    const refusedBy = async (fault: Parameters<typeof sandbox.faults.add>[0]['fault']) => {
      sandbox.faults.add({ platform: 'whatsapp', method: 'POST', fault, times: 1 })
      const message_id = `m${number}`
      await post({ message_id, to: `+1 650 555 12${number++}` })
      return state(message_id, ({ attempts, state: now }) => attempts === 1 && now !== 'sending')
    }
    const goes = (id: string, stepMs = 60_000) => state(id, is('accepted', 'sent', 'delivered'), stepMs)
    return { ...harness, refusedBy, goes }
  }
  const waitsMs = ({ next_attempt_at, last_attempt_at }: Reply['body']) =>
    Date.parse(next_attempt_at) - Date.parse(last_attempt_at)

  it.each([
    {
      said: 'the connection waits as long as',
      codes: 10,
      ms: 30_000,
      more: [answer(999_999, { is_transient: true })],
    },
    { said: 'too many to one person', codes: 1, ms: 6_000, more: [] },
    { said: 'the message waits 6 hours', codes: 2, ms: 6 * 3_600_000, more: [] },
  ])('is waited for: $said', async ({ said, codes, ms, more }) => {
    const { refusedBy, goes, sent } = await started()
    const faults = [...codesOf(said).map((code) => answer(code)), ...more]
    expect(faults).toHaveLength(codes + more.length)
    for (const fault of faults) {
      const shown = await refusedBy(fault)
      expect([fault.text, shown]).toMatchObject([
        fault.text,
        { state: 'pending', next_attempt_at: expect.any(String) },
      ])
      expect([fault.text, waitsMs(shown)]).toEqual([fault.text, ms])
      expect(await goes(shown.message_id, Math.max(60_000, ms / 20))).toMatchObject({ attempts: 2 })
    }
    expect(sent).toHaveLength(faults.length)
  })

  it('may have sent the message, which is then never sent again', async () => {
    const { refusedBy, sent, clock } = await started()
    const codes = codesOf('the message may have been sent')
    expect(codes).toHaveLength(4)
    for (const fault of [
      ...codes.map((code) => answer(code)),
      { is: 'http', status: 502 } as const,
      { is: 'reset' } as const,
    ])
      expect([fault, await refusedBy(fault)]).toMatchObject([
        fault,
        { state: 'unknown', next_attempt_at: null },
      ])
    clock.stall(24 * 3_600_000)
    await goOn()
    expect(sent).toEqual([])
  })

  it.each([
    { said: 'the token is dead', codes: 5, more: [] },
    {
      said: 'the number or the account is not let send',
      codes: 11,
      more: [answer(100, { error_subcode: 33 })],
    },
  ])('stops the connection and keeps the message: $said', async ({ said, codes, more }) => {
    const { refusedBy, goes, send, until } = await started()
    const connections = '/api/v1/conversions/connections'
    const isStopped = ({ connections: all }: Reply['body']) =>
      all.some((one: Reply['body']) => one.platform === 'whatsapp' && one.status === 'error')
    const known = codesOf(said)
    expect(known).toHaveLength(codes - more.length)
    for (const fault of [...known.map((code) => answer(code)), ...more]) {
      const shown = await refusedBy(fault)
      expect([fault.text, shown]).toMatchObject([fault.text, { state: 'pending' }])
      await until(connections, isStopped, 0)
      expect((await send('POST', `${connections}/whatsapp/test`)).body).toMatchObject({ status: 'connected' })
      expect(await goes(shown.message_id)).toMatchObject({ attempts: 2 })
    }
  })

  it('ends the message: all others', async () => {
    const { refusedBy, sent } = await started()
    const codes = codesOf('`failed`')
    expect(codes).toHaveLength(5)
    for (const code of [...codes, 131_009, 999_999])
      expect(await refusedBy(answer(code))).toMatchObject({
        state: 'failed',
        code: String(code),
        next_attempt_at: null,
      })
    expect(sent).toEqual([])
  })
})

describe('the webhook', () => {
  it('answers the challenge of who knows a verify token, and nobody else', async () => {
    const { get } = await start()
    const ask = (token: string, challenge = '1158201444') =>
      get(
        `${MESSAGE_WEBHOOK}?${new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': token, 'hub.challenge': challenge })}`,
      )
    expect(await ask('sandbox-verify')).toMatchObject({ status: 200, body: '1158201444' })
    expect((await ask('other')).status).toBe(403)
    expect((await ask('')).status).toBe(403)
    expect((await ask('sandbox-verify', '<b>')).status).toBe(403)
    expect((await get(MESSAGE_WEBHOOK)).status).toBe(403)
  })

  it('believes signed bytes alone, escaped letters and all', async () => {
    const { tell, send } = await start()
    const named = `"metadata":{"phone_number_id":"${NUMBER}"}`
    const escaped = `{"text":"h\\u00e9llo \\ud83d\\ude00 https:\\/\\/x",${named}}`
    expect((await tell(escaped)).status).toBe(200)
    expect((await tell(escaped, 'other-secret')).status).toBe(403)
    const right = `sha256=${createHmac('sha256', SECRET).update(escaped).digest('hex')}`
    const post = (body: string, signature?: string) =>
      send('POST', MESSAGE_WEBHOOK, body, signature === undefined ? {} : { 'x-hub-signature-256': signature })
    expect((await post(JSON.stringify(JSON.parse(escaped)), right)).status).toBe(403)
    expect((await post(escaped)).status).toBe(403)
    expect((await post(escaped, right.replace('sha256', 'sha512'))).status).toBe(403)
    expect((await post(escaped, right.slice(0, -1))).status).toBe(403)
    // Not parsed where it is not signed: no word about what is wrong with it.
    expect((await post(`{"phone_number_id":"${NUMBER}"`, right)).status).toBe(403)
    expect((await tell(`{"phone_number_id":"${NUMBER}"`)).status).toBe(400)
    expect(
      (await tell(`{"phone_number_id":"${NUMBER}","deep":${'['.repeat(100)}${']'.repeat(100)}}`)).status,
    ).toBe(400)
    expect((await tell('{}')).status).toBe(403)
    expect((await tell(`"phone_number_id":"${NUMBER}"${' '.repeat(3 * 1024 * 1024)}`)).status).toBe(413)
  })

  it('has places for what came, not for what is announced, and drops what does not come', async () => {
    const { tell, url, clock } = await start()
    const { hostname, port } = new URL(url)
    const head = [
      ...[
        `POST ${MESSAGE_WEBHOOK} HTTP/1.1`,
        `host: ${hostname}`,
        `x-hub-signature-256: sha256=${'0'.repeat(64)}`,
      ],
      ...['content-type: application/json', 'content-length: 1000', 'expect: 100-continue', '', ''],
    ].join('\r\n')
    const idle = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = connect(Number(port), hostname)
        socket.write(head)
        // The service has seen the head.
        await once(socket, 'data')
        socket.on('error', () => undefined).resume()
        return socket
      }),
    )
    expect((await tell([{ status: 'read', callback: 'x' }])).status).toBe(200)
    for (let turn = 0; turn < 1_000 && idle.some(({ closed }) => !closed); turn++) {
      clock.advance(1_000)
      await goOn()
    }
    expect(idle.filter(({ closed }) => !closed)).toEqual([])
  })

  it('believes a former number and its secret of what was sent before, for eight days', async () => {
    const { post, send, state, tell, sent, sandbox, clock, until } = await start()
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    const path = '/api/v1/conversions/connections/whatsapp'
    const { whatsapp } = sandbox.conversions.credentials
    const put = (more: object) => send('PUT', path, { credentials: { ...whatsapp, ...more } })
    await post()
    await state('m1', is('accepted'))
    clock.advance(1_000)
    await put({ app_secret: 'second-secret' })
    await post({ message_id: 'm2', to: '+1 650 555 1213' })
    await state('m2', is('accepted'))
    const told = (at: number, status: string) => [{ id: `w${at}`, status, callback: sent[at]?.callbackData }]
    // By the former secret what was sent before, and nothing else.
    expect((await tell([...told(0, 'delivered'), ...told(1, 'failed')])).status).toBe(200)
    expect(await state('m1', is('delivered'))).toBeDefined()
    expect((await tell(told(1, 'sent'), 'second-secret')).status).toBe(200)
    expect(await state('m2', is('sent'))).toMatchObject({ code: null })
    // Another number, and none at all.
    clock.advance(1_000)
    await put({ phone_number_id: '100000000000009', app_secret: 'third-secret' })
    expect((await tell(told(1, 'delivered'), 'second-secret')).status).toBe(200)
    expect(await state('m2', is('delivered'))).toBeDefined()
    await send('DELETE', path)
    expect((await tell(told(0, 'read'))).status).toBe(200)
    expect(await state('m1', is('read'))).toBeDefined()
    clock.stepWall(8 * DAY_MS + 1)
    expect((await tell(told(1, 'read'), 'second-secret')).status).toBe(403)
    await until(`${PATH}/m2`, is('delivered'))
  })

  it('takes statuses of more numbers than a few, and moves those of its own', async () => {
    const { post, state, tell, sent, sandbox } = await start()
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    await post()
    await state('m1', is('accepted'))
    const others = Array.from({ length: 40 }, (_, at) => ({
      status: 'read',
      number: `2${at}`,
      callback: 'x',
    }))
    expect((await tell([...others, { status: 'read', callback: sent[0]?.callbackData }])).status).toBe(200)
    expect(await state('m1', is('read'))).toBeDefined()
  })

  it('moves nothing of another organisation, even where it says that it has the same number', async () => {
    const keys = ['seven', 'eight'].map(
      (name, at) => `${name}@${7 + at}:admin:${hashKey(name).toString('hex')}`,
    )
    const { post, send, get, tell, sent, sandbox, clock } = await start({ API_KEYS: keys.join(',') })
    sandbox.conversions.whatsapp.sendWebhooksTo('http://127.0.0.1:9/')
    const as = (name: string) => ({ authorization: `Bearer ${name}` })
    const connect = (name: string, app_secret: string) =>
      send(
        'PUT',
        '/api/v1/conversions/connections/whatsapp',
        { credentials: { ...sandbox.conversions.credentials.whatsapp, app_secret } },
        as(name),
      )
    await connect('seven', 'secret-of-seven')
    await connect('eight', 'secret-of-eight')
    expect((await post({}, as('seven'))).status).toBe(202)
    const shown = async () => (await get(`${PATH}/m1`, as('seven'))).body.state
    while ((await shown()) !== 'accepted') clock.advance(250)
    const told = [{ status: 'read', callback: sent[0]?.callbackData }]
    expect((await tell(told, 'secret-of-eight')).status).toBe(200)
    expect(await shown()).toBe('accepted')
    expect((await get(`${PATH}/m1`, as('eight'))).status).toBe(404)
    expect((await get(PATH, as('eight'))).body.messages).toEqual([])
    expect((await tell(told, 'secret-of-seven')).status).toBe(200)
    expect(await shown()).toBe('read')
  })
})
