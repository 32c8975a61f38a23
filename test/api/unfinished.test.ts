import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { goOn, type Harness, startHarness } from '../support/harness.ts'

/** Sends a request as it stands, and goes on sending `more` for ever. */
async function sendRaw({ service }: Harness, head: string, more?: string) {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  let said = ''
  socket.on('data', (chunk) => (said += chunk))
  // It is cut off while it still sends.
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`${head}\r\n\r\n`)
  const goOnSending = () => {
    if (more !== undefined && socket.writable) socket.write(more, () => setImmediate(goOnSending))
  }
  goOnSending()
  return { socket, said: () => said }
}

const isClosed = (socket: Socket) => socket.destroyed || socket.readableEnded

const JSON_TYPE = 'content-type: application/json\r\nhost: localhost'
const PIECE = `4000\r\n${'a'.repeat(0x4000)}\r\n`

describe('a body that never ends', () => {
  it.each([
    ['of unknown length', `POST /v1/bids HTTP/1.1\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked`, PIECE, 413],
    ['of a great length', `POST /v1/bids HTTP/1.1\r\n${JSON_TYPE}\r\ncontent-length: 999999999`, 'a', 413],
    [
      'for nothing that is there',
      `POST /x HTTP/1.1\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked`,
      PIECE,
      404,
    ],
    ['of a question', `GET /livez HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked`, PIECE, 200],
    [
      'of an auction',
      `POST /openrtb2/example/bid HTTP/1.1\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked`,
      PIECE,
      400,
    ],
    [
      'of a long auction',
      `POST /openrtb2/example/bid HTTP/1.1\r\n${JSON_TYPE}\r\ncontent-length: 999999999`,
      'a',
      400,
    ],
    [
      'of a webhook',
      `POST /api/v1/webhooks/meta/x HTTP/1.1\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked`,
      PIECE,
      404,
    ],
  ])(
    '%s is answered with the end of its connection, which comes half a second later',
    async (_, head, more, status) => {
      const harness = await startHarness({ OPENRTB_SEATS: '[{"id":"example"}]' })
      const { socket, said } = await sendRaw(harness, head, more)
      for (let turn = 0; turn < 2_000 && said() === ''; turn++) await goOn(1)
      expect(said()).toContain(`HTTP/1.1 ${status} `)
      expect(said()).toMatch(/^connection: close\r$/im)
      for (let turn = 0; turn < 200 && !isClosed(socket); turn++) {
        harness.clock.advance(500)
        await goOn(1)
      }
      expect(isClosed(socket)).toBe(true)
    },
  )

  it('that ends in time keeps its connection', async () => {
    const harness = await startHarness()
    const { socket, said } = await sendRaw(
      harness,
      `POST /x HTTP/1.1\r\n${JSON_TYPE}\r\ncontent-length: 2`,
      undefined,
    )
    for (let turn = 0; turn < 2_000 && said() === ''; turn++) await goOn(1)
    socket.write('{}')
    await goOn()
    harness.clock.advance(1_000)
    socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
    for (let turn = 0; turn < 2_000 && !said().includes('ok'); turn++) await goOn(1)
    expect(said()).toContain('HTTP/1.1 200 OK')
    socket.destroy()
  })
})

it.each([
  ['that its caller leaves', '{"cust'],
  ['whose pieces are no pieces', 'x\r\n'],
])('a body %s is no error of ours in the log', async (_, piece) => {
  const harness = await startHarness()
  const { socket } = await sendRaw(
    harness,
    `POST /v1/bids HTTP/1.1\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked`,
  )
  socket.write(piece === 'x\r\n' ? piece : `6\r\n${piece}`)
  await goOn(20)
  socket.destroy()
  await goOn()
  expect(await harness.send('GET', '/v1/budgets')).toMatchObject({ status: 200 })
  expect(harness.logged.filter(({ level }) => Number(level) >= 40)).toEqual([])
})

it('a body that is not UTF-8 is refused, since two names of other bytes would be one', async () => {
  const harness = await startHarness()
  const text = JSON.stringify({
    customerId: '?',
    campaignId: 'c',
    platform: 'meta',
    predictedLtv: 9,
    bidAmount: 1,
  })
  const bytes = Buffer.from(text)
  bytes[text.indexOf('?')] = 0xff
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${harness.service.url}/v1/bids`, { method: 'POST', headers, body: bytes })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ detail: 'The body cannot be read: it is not UTF-8' })
  expect(await harness.send('GET', '/v1/bids')).toMatchObject({ body: { bids: [] } })
})

it.each(['/livez', '/readyz'])('a health check by HTTP/1.0 without a host is answered: %s', async (path) => {
  const harness = await startHarness()
  const { socket, said } = await sendRaw(harness, `GET ${path} HTTP/1.0`)
  await once(socket, 'end')
  expect(said()).toContain('HTTP/1.1 200 OK')
})

it.each([
  ['POST', '/v1/bids'],
  ['PUT', '/v1/campaigns/c1'],
  ['PUT', '/v1/budgets/global'],
  ['POST', '/api/v1/connectors/oauth/initiate'],
  ['POST', '/api/v1/connectors/fetch'],
])('JSON that is nested too deeply is refused in so many words: %s %s', async (method, path) => {
  const harness = await startHarness()
  const body = `{"settings":${'['.repeat(90_000)}${']'.repeat(90_000)}}`
  expect(await harness.send(method, path, body)).toMatchObject({
    status: 400,
    body: { detail: 'The body cannot be read: it is nested deeper than 64 levels' },
  })
})
