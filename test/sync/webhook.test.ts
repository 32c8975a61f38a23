import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { startExamplePlatform } from '../support/example-platform.ts'
import { startHarness } from '../support/harness.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

async function start(environment: Record<string, string> = {}) {
  const platform = await startExamplePlatform()
  const keyed = { ...platform.connector, type: 'RESEND', auth: { is: 'api_key' } } as const
  const harness = await startHarness(environment, [keyed])
  platform.accept('re_key')
  const made = await harness.send('POST', '/api/v1/connectors', {
    connector_type: 'resend',
    api_key: 're_key',
  })
  const path = `/api/v1/webhooks/resend/${made.body.id}`
  const signed = (body: string, id: string, secret: string) => {
    const timestamp = String(Math.floor(harness.clock.nowMs() / 1000))
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    return { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` }
  }
  const deliver = (body: string, id = 'msg_1', secret = SECRET) =>
    harness.send('POST', path, body, signed(body, id, secret))
  const events = async () =>
    (await harness.service.reads?.store.db
      .selectFrom('events')
      .select(['type', 'data'])
      .where('type', '=', 'webhook_received')
      .execute()) ?? []
  return { ...harness, id: made.body.id, path, signed, deliver, events }
}

describe('webhooks', () => {
  it('are taken once when they are signed, and become an event', async () => {
    const { id, send, get, deliver, events } = await start()
    expect((await deliver('{}')).status).toBe(404)
    await send('PUT', `/api/v1/connectors/${id}/webhook`, { secret: SECRET })
    const body = '{"type":"email.bounced","data":{"email_id":"e1"}}'
    expect((await deliver(body)).status).toBe(204)
    expect((await deliver(body)).status).toBe(204)
    expect((await deliver(body, 'msg_2')).status).toBe(204)
    const { paths } = (await get('/openapi.json')).body
    expect(Object.keys(paths['/api/v1/webhooks/{platform}/{id}'].post.responses)).toContain('204')
    const found = await events()
    expect(found).toHaveLength(2)
    expect(JSON.parse(found[0]?.data ?? '')).toMatchObject({
      event_id: 'msg_1',
      payload: { type: 'email.bounced' },
    })
  })

  it('are not found where their connection is deleted while they are on their way', async () => {
    const { id, url, path, send, signed } = await start()
    await send('PUT', `/api/v1/connectors/${id}/webhook`, { secret: SECRET })
    const body = '{}'
    const headers = {
      ...signed(body, 'msg_1', SECRET),
      'content-length': body.length,
      expect: '100-continue',
    }
    const delivery = request(url + path, { method: 'POST', headers })
    const answered = once(delivery, 'response')
    delivery.flushHeaders()
    // With this the service has begun to answer: it has asked for the connection.
    await once(delivery, 'continue')
    expect((await send('DELETE', `/api/v1/connectors/${id}`)).status).toBe(200)
    delivery.end(body)
    const [answer] = await answered
    answer.resume()
    expect(answer.statusCode).toBe(404)
  })

  it('are remembered as far as there is room, and so are addresses that they name', async () => {
    const { id, clock, send, get, deliver } = await start({ TABLE_LIMITS: 'webhooks=1,suppressions=2' })
    await send('PUT', `/api/v1/connectors/${id}/webhook`, { secret: SECRET })
    for (const name of ['a', 'b', 'c']) {
      const data = { to: [`${name}@x.example`], bounce: { type: 'Permanent' } }
      expect((await deliver(JSON.stringify({ type: 'email.bounced', data }), `msg_${name}`)).status).toBe(204)
      clock.advance(1_000)
    }
    const path = `/api/v1/connectors/${id}/suppressions`
    const addresses = async () =>
      (await get(path)).body.suppressions.map(({ address }: { address: string }) => address)
    expect(await addresses()).toHaveLength(3)
    clock.advance(60_000)
    await expect.poll(addresses).toEqual(['b@x.example', 'c@x.example'])
    await expect
      .poll(async () => (await get('/metrics')).body)
      .toMatch(/bidwarden_table_rows\{table="webhooks",when_full="forgets"\} 1$/m)
  })

  it('are refused with another secret, and for a connection that is not there', async () => {
    const { id, path, send, deliver, events } = await start()
    await send('PUT', `/api/v1/connectors/${id}/webhook`, { secret: SECRET })
    expect((await deliver('{}', 'msg_1', 'whsec_c29tZXRoaW5nIGVsc2U=')).status).toBe(401)
    expect((await send('POST', path.replace('resend', 'meta'), {})).status).toBe(404)
    expect(await events()).toEqual([])
    expect(JSON.stringify((await send('GET', '/api/v1/connectors')).body)).not.toContain('whsec')
  })

  it.each(['whsec_!!!!', '!!!!!!!!', '        ', 'whsec_c2hvcnQ=', 'whsec_c29tZXRoaW5nIGVsc2U='])(
    'are not taken with the secret %j, which anybody could guess',
    async (secret) => {
      const { id, send, deliver } = await start()
      const { status, body } = await send('PUT', `/api/v1/connectors/${id}/webhook`, { secret })
      expect([status, body.code]).toEqual([400, 'invalid_request'])
      expect((await deliver('{}', 'msg_1', secret)).status).toBe(404)
    },
  )
})
