import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { startExamplePlatform } from '../support/example-platform.ts'
import { startHarness } from '../support/harness.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

async function start() {
  const platform = await startExamplePlatform()
  const keyed = { ...platform.connector, type: 'RESEND', auth: { is: 'api_key' } } as const
  const harness = await startHarness({}, [keyed])
  platform.accept('re_key')
  const made = await harness.send('POST', '/api/v1/connectors', {
    connector_type: 'resend',
    api_key: 're_key',
  })
  const path = `/api/v1/webhooks/resend/${made.body.id}`
  const deliver = (body: string, id = 'msg_1', secret = SECRET) => {
    const timestamp = String(Math.floor(harness.clock.nowMs() / 1000))
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    return harness.send('POST', path, body, {
      'svix-id': id,
      'svix-timestamp': timestamp,
      'svix-signature': `v1,${signature}`,
    })
  }
  const events = async () =>
    (await harness.service.reads?.store.db
      .selectFrom('events')
      .select(['type', 'data'])
      .where('type', '=', 'webhook_received')
      .execute()) ?? []
  return { ...harness, id: made.body.id, path, deliver, events }
}

describe('webhooks', () => {
  it('are taken once when they are signed, and become an event', async () => {
    const { id, send, deliver, events } = await start()
    expect((await deliver('{}')).status).toBe(404)
    await send('PUT', `/api/v1/connectors/${id}/webhook`, { secret: SECRET })
    const body = '{"type":"email.bounced","data":{"email_id":"e1"}}'
    expect((await deliver(body)).status).toBe(204)
    expect((await deliver(body)).status).toBe(204)
    expect((await deliver(body, 'msg_2')).status).toBe(204)
    const found = await events()
    expect(found).toHaveLength(2)
    expect(JSON.parse(found[0]?.data ?? '')).toMatchObject({
      event_id: 'msg_1',
      payload: { type: 'email.bounced' },
    })
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
