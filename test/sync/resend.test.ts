import { createHmac } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { goOn } from '../support/harness.ts'
import { startPlayedReads } from '../support/played-reads.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const SETTINGS = { from: 'Bidwarden <ops@mail.example>', notify_to: ['ann@x.example'] }

async function connected(
  more: { api_key?: string; settings?: object } = {},
  environment: Record<string, string> = {},
) {
  const reads = await startPlayedReads(environment)
  const { api_key = 're_sandbox_full', settings = SETTINGS } = more
  const made = await reads.send('POST', '/api/v1/connectors', { connector_type: 'RESEND', api_key, settings })
  const id = String(made.body.id)
  const path = `/api/v1/connectors/${id}/emails`
  const write = (emails: object[], key?: string) =>
    reads.send('POST', path, { emails }, key === undefined ? {} : { 'idempotency-key': key })
  const sent = () =>
    reads.sandbox.ledger.requests.filter(
      (one) => one.platform === 'resend' && one.method === 'POST' && one.path.startsWith('/emails'),
    )
  /** Lets a second pass at a time until it is so. */
  const come = async (holds: () => boolean | Promise<boolean>, stepMs = 1_000) => {
    for (let turn = 0; turn < 1_000; turn++) {
      if (await holds()) return
      await goOn(3)
      reads.clock.advance(stepMs)
    }
    throw new Error('it never came to be')
  }
  const notices = async () =>
    (await reads.service.reads?.store.db.selectFrom('mail_notices').selectAll().execute()) ?? []
  return { reads, made, id, path, write, sent, come, notices }
}
const hello = (to: string, more: object = {}) => ({ to: [to], subject: 'Hello', text: 'There', ...more })

describe('Resend', () => {
  it('is connected with a key, to the domains that are verified', async () => {
    const { made } = await connected()
    expect(made.body).toMatchObject({ status: 'connected', account_id: 'mail.example' })
    expect(JSON.stringify(made.body)).not.toContain('re_sandbox')
  })

  it('is connected with a key that may only send, and not with one that is not known', async () => {
    const only = await connected({ api_key: 're_sandbox_sending' })
    expect(only.made.body).toMatchObject({ status: 'connected', account_id: 'mail.example' })
    const wrong = await connected({ api_key: 're_unknown' })
    expect(wrong.made).toMatchObject({ status: 502, body: { code: 'platform_refused' } })
  })

  it.each(ENGINES)('sends, says what became of it, and reads it as a report on %s', async (engine) => {
    const environment = await environmentOn(engine)
    const { reads, id, path, write, come } = await connected({}, environment)
    if (engine === 'PostgreSQL') onTestFinished(() => reads.service.stop())
    const all = ['ann@x.example', 'bounced@x.example', 'complained@x.example', 'bob@x.example']
    const { body } = await write(all.map((to) => hello(to)))
    expect(body.ids).toHaveLength(4)
    let fate: unknown
    void reads.get(`${path}/${body.ids[1]}`).then((reply) => {
      fate = reply.body
    })
    await come(() => fate !== undefined, 100)
    expect(fate).toMatchObject({ status: 'bounced', to: 'bounced@x.example' })
    const today = new Date(reads.clock.nowMs()).toISOString().slice(0, 10)
    const done = await reads.fetched(id, {
      report_type: 'emails',
      date_range: { start: today, end: today },
    })
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 4 } })
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows.map(({ status }) => status).sort()).toEqual([
      'bounced',
      'complained',
      'delivered',
      'delivered',
    ])
  })

  it('does not count e-mails as sent that the answer does not name', async () => {
    const { reads, write } = await connected()
    const text = '{"data":[{"id":"e1"}]}'
    reads.sandbox.faults.add({ platform: 'resend', path: '/emails/batch', fault: { is: 'instead', text } })
    expect(await write([hello('ann@x.example'), hello('bob@x.example')])).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('1 of 2 e-mails') },
    })
  })

  it('makes, changes, publishes, sends and deletes templates', async () => {
    const { reads, id, come } = await connected()
    const path = `/api/v1/connectors/${id}/templates`
    /** Calls to Resend take turns, so time has to pass. */
    const send = async (...args: Parameters<typeof reads.send>) => {
      let reply: Awaited<ReturnType<typeof reads.send>> | undefined
      void reads.send(...args).then((one) => {
        reply = one
      })
      await come(() => reply !== undefined, 100)
      return reply
    }
    const body = { name: 'Back', alias: 'back', subject: 'Hello', html: '<p>{{{NAME}}}</p>' }
    const made = await send('POST', path, { ...body, variables: [{ key: 'NAME', type: 'string' }] })
    expect(made?.status).toBe(200)
    const mail = { to: ['ann@x.example'], template: { id: 'back', variables: { NAME: 'Ann' } } }
    const write = () => send('POST', `/api/v1/connectors/${id}/emails`, { emails: [mail] })
    expect((await write())?.status).toBe(502)
    expect((await send('PATCH', `${path}/back`, { subject: 'Good day' }))?.status).toBe(200)
    expect((await send('POST', `${path}/back/publish`))?.body.id).toBe(made?.body.id)
    expect((await write())?.status).toBe(200)
    const listed = await reads.fetched(id, { report_type: 'templates' })
    expect(await reads.rowsOf(listed.body.request_id)).toContainEqual(
      expect.objectContaining({ alias: 'back', status: 'published' }),
    )
    expect((await send('DELETE', `${path}/back`))?.status).toBe(200)
    expect((await send('DELETE', `${path}/back`))?.status).toBe(502)
    expect((await reads.send('POST', path, { name: 'x' })).status).toBe(400)
    expect((await reads.send('PATCH', `${path}/back`, {})).status).toBe(400)
  })

  it('says that a template may have been made where no answer came, so that nobody makes it twice', async () => {
    const { reads, id } = await connected()
    reads.sandbox.faults.add({
      platform: 'resend',
      method: 'POST',
      path: '/templates',
      fault: { is: 'reset_after' },
    })
    const path = `/api/v1/connectors/${id}/templates`
    const made = await reads.send('POST', path, { name: 'Back', html: '<p>Hello</p>' })
    expect(made).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
  })

  it('sends once for each key, and refuses the key with another body', async () => {
    const { reads, write, come } = await connected()
    const first = await write([hello('ann@x.example')], 'k1')
    const answers: unknown[] = []
    void write([hello('ann@x.example')], 'k1').then(({ body }) => answers.push(body))
    await come(() => answers.length === 1, 100)
    expect(answers[0]).toEqual(first.body)
    void write([hello('bob@x.example')], 'k1').then(({ body }) => answers.push(body))
    await come(() => answers.length === 2, 100)
    expect(answers[1]).toMatchObject({
      code: 'platform_refused',
      detail: expect.stringContaining('idempotent'),
    })
    expect(reads.logged.some((line) => JSON.stringify(line).includes('re_sandbox'))).toBe(false)
  })

  it('sends once when the answer was lost', async () => {
    const { reads, write, sent, come } = await connected()
    reads.sandbox.faults.add({ platform: 'resend', method: 'POST', fault: { is: 'reset_after' } })
    let answer: { status: number; body: { ids?: string[] } } | undefined
    void write([hello('ann@x.example')]).then((reply) => {
      answer = reply
    })
    await come(() => answer !== undefined, 100)
    expect(answer).toMatchObject({ status: 200, body: { ids: [expect.any(String)] } })
    expect(sent().map(({ status }) => status)).toEqual([0, 200])
    const { body } = await reads.get(`/api/v1/connectors`)
    expect(body.connectors[0].status).toBe('connected')
  })

  it.each([
    [{ to: ['a@x.example'], subject: 's' }, 'emails.0'],
    [hello('a@x.example', { template: { id: 'welcome' } }), 'emails.0'],
    [hello('nobody'), 'emails.0.to.0'],
  ])('refuses %o before anything is sent', async (mail, field) => {
    const { write, sent } = await connected()
    expect(await write([mail])).toMatchObject({ status: 400, body: { field } })
    expect(sent()).toEqual([])
  })

  it('sends a template that is published', async () => {
    const { write } = await connected()
    const template = { id: 'welcome', variables: { NAME: 'Ann' } }
    expect((await write([{ to: ['ann@x.example'], template }])).status).toBe(200)
  })

  it.each([
    ['email.bounced', { bounce: { type: 'Permanent' } }, 400],
    ['email.bounced', { bounce: { type: 'Transient' } }, 200],
    ['email.complained', {}, 400],
    ['email.suppressed', {}, 400],
    ['email.delivered', {}, 200],
  ])('after %s with %o a further e-mail is answered %i', async (type, more, status) => {
    const { reads, id, write } = await connected()
    await reads.send('PUT', `/api/v1/connectors/${id}/webhook`, { secret: SECRET })
    const payload = JSON.stringify({ type, data: { email_id: 'e1', to: ['Ann@X.example'], ...more } })
    const timestamp = String(Math.floor(reads.clock.nowMs() / 1000))
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
    const signature = createHmac('sha256', key).update(`m1.${timestamp}.${payload}`).digest('base64')
    const headers = { 'svix-id': 'm1', 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` }
    const deliver = () => reads.send('POST', `/api/v1/webhooks/resend/${id}`, payload, headers)
    expect([(await deliver()).status, (await deliver()).status]).toEqual([204, 204])
    const answer = await write([hello('Ann <ann@x.example>')])
    expect(answer.status).toBe(status)
    const path = `/api/v1/connectors/${id}/suppressions`
    const { suppressions } = (await reads.get(path)).body
    const lifted = async () => (await reads.send('DELETE', `${path}/Ann@x.example`)).status
    if (status === 200) {
      expect([suppressions, await lifted()]).toEqual([[], 404])
      return
    }
    expect(answer.body.field).toBe('emails.0.to')
    const reason = type.slice('email.'.length)
    expect(suppressions).toEqual([{ address: 'ann@x.example', reason, since: expect.any(String) }])
    expect([await lifted(), await lifted()]).toEqual([200, 404])
    expect((await write([hello('Ann <ann@x.example>')])).status).toBe(200)
  })
})

describe('notices by e-mail', () => {
  async function withLostAccount(more: Parameters<typeof connected>[0] = {}) {
    const all = await connected(more)
    const { body } = await all.reads.connect('GA4', { account_id: '1234' })
    all.reads.sandbox.expireGoogleToken()
    all.reads.sandbox.revokeRefreshToken()
    return { ...all, lose: () => all.reads.send('POST', `/api/v1/connectors/${body.connector_id}/test`) }
  }

  it('say once that access was lost', async () => {
    const { lose, sent, come, notices, reads } = await withLostAccount()
    await lose()
    await come(async () => (await notices())[0]?.status === 'sent')
    expect(sent()).toHaveLength(1)
    expect(await notices()).toMatchObject([{ subject: 'GA4: access was lost', attempts: 1, error: null }])
    await reads.service.reads?.store.db.updateTable('events').set({ published_at: null }).execute()
    for (let turn = 0; turn < 10; turn++) {
      await goOn(3)
      reads.clock.advance(1_000)
    }
    expect(sent()).toHaveLength(1)
  })

  it('are sent again when the answer was lost or the platform fails, as the same e-mail', async () => {
    const { lose, sent, come, notices, reads } = await withLostAccount()
    reads.sandbox.faults.add({ platform: 'resend', method: 'POST', fault: { is: 'reset_after' } })
    reads.sandbox.faults.add({
      platform: 'resend',
      method: 'POST',
      times: 5,
      fault: { is: 'error', name: 'internal_server_error' },
    })
    await lose()
    await come(async () => (await notices())[0]?.status === 'sent', 5_000)
    expect((await notices())[0]?.attempts).toBeGreaterThan(1)
    expect(sent().map(({ status }) => status)).toEqual([0, 500, 500, 500, 500, 500, 200])
    const headers = { authorization: 'Bearer re_sandbox_full' }
    const { data } = JSON.parse(await (await fetch(`${reads.sandbox.url}/resend/emails`, { headers })).text())
    expect(data).toMatchObject([{ to: ['ann@x.example'], subject: '[Bidwarden] GA4: access was lost' }])
  })

  it('are given up and logged where there is no recipient, and keep nothing waiting', async () => {
    const { lose, come, notices, reads, sent } = await withLostAccount({
      settings: { from: 'ops@mail.example' },
    })
    await lose()
    await come(async () => (await notices())[0]?.status === 'failed')
    expect(sent()).toEqual([])
    expect(reads.logged).toContainEqual(
      expect.objectContaining({ msg: 'an e-mail about an event was given up' }),
    )
  })

  it('are not sent for what a person did', async () => {
    const { reads, notices } = await connected()
    const { body } = await reads.connect('GA4', { account_id: '1234' })
    await reads.send('DELETE', `/api/v1/connectors/${body.connector_id}`)
    for (let turn = 0; turn < 5; turn++) {
      reads.clock.advance(1_000)
      await goOn(5)
    }
    expect(await notices()).toEqual([])
  })
})
