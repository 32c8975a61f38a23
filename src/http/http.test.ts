import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { listenUntilEnd } from '../../test/support/local-server.ts'
import { createHttpClient, retryAfterMs } from './http.ts'

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener)
  return { url: `${await listenUntilEnd(server)}/`, server }
}

function createClient() {
  const clock = new FakeClock()
  const client = createHttpClient(clock)
  onTestFinished(() => client.close())
  return { clock, client }
}

const get = (url: string) => ({ method: 'GET', url, headers: {} }) as const

describe('the HTTP client', () => {
  it('sends a body once and gives back status, headers and text', async () => {
    const { client } = createClient()
    const seen: string[] = []
    const { url } = await serve(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      seen.push(`${request.method} ${request.headers['content-length']} ${text}`)
      response.writeHead(201, { 'X-Reply': 'yes', 'set-cookie': ['a', 'b'] }).end('grüß')
    })
    const exchange = await client.send({ method: 'POST', url, headers: {}, body: 'naïve' }, 1_000)
    expect(exchange).toMatchObject({ is: 'answered', response: { status: 201, body: 'grüß' } })
    expect(exchange.is === 'answered' && exchange.response.headers).toMatchObject({
      'x-reply': 'yes',
      'set-cookie': 'a',
    })
    expect(seen).toEqual(['POST 6 naïve'])
  })

  it('knows that a refused connection sent nothing', async () => {
    const { client } = createClient()
    const { url, server } = await serve(() => {})
    server.close()
    await once(server, 'close')
    expect(await client.send(get(url), 1_000)).toMatchObject({ is: 'not_sent', detail: 'ECONNREFUSED' })
  })

  it('still reaches an origin after many requests to it that no header could carry', async () => {
    const { client } = createClient()
    const { url } = await serve((_, response) => response.end('here'))
    for (const value of ['\u0000', 'a\nb: c', '𝄞', 'é\u202e'])
      for (let i = 0; i < 70; i++) {
        const request = { ...get(url), headers: { authorization: `Bearer ${value}` } }
        expect(await client.send(request, 1_000)).toMatchObject({ is: 'not_sent' })
        expect(await client.open(request, 1_000)).toMatchObject({ is: 'not_sent' })
      }
    expect(await client.send(get(url), 1_000)).toMatchObject({ is: 'answered', response: { body: 'here' } })
  })

  it('does not know what became of a request whose connection was cut', async () => {
    const { client } = createClient()
    const { url } = await serve((request) => request.socket.destroy())
    expect(await client.send(get(url), 1_000)).toMatchObject({ is: 'no_answer' })
  })

  it.each(['127.0.0.1', 'localhost', '[::1]'])(
    'does not call %s where only public hosts may be',
    async (host) => {
      const { client } = createClient()
      let connections = 0
      const { url, server } = await serve((_, response) => response.end())
      server.on('connection', () => {
        connections += 1
      })
      const inside = url.replace('127.0.0.1', host)
      expect(await client.openPublic(get(inside), 1_000)).toEqual({
        is: 'not_allowed',
        detail: expect.stringContaining('no host of the public network'),
      })
      expect(connections).toBe(0)
    },
  )

  it('gives up at the deadline, also in the middle of an answer', async () => {
    const { client, clock } = createClient()
    const arrived: (() => void)[] = []
    const { url } = await serve((request, response) => {
      if (request.url === '/half') response.write('half an answer')
      arrived.shift()?.()
    })
    for (const path of ['', 'half']) {
      const reached = new Promise<void>((resolve) => arrived.push(resolve))
      const pending = client.send(get(url + path), 1_000)
      await reached
      clock.advance(1_000)
      expect(await pending).toEqual({ is: 'no_answer', detail: 'no answer in time', latencyMs: 1_000 })
    }
  })

  it('reads no answer without end', async () => {
    const { client } = createClient()
    const { url } = await serve((_, response) => response.end(Buffer.alloc(5 * 1024 * 1024)))
    expect(await client.send(get(url), 1_000)).toMatchObject({ is: 'no_answer' })
  })
})

describe('Retry-After', () => {
  it('is read as seconds and as a date', () => {
    const nowMs = Date.UTC(2026, 10, 20)
    expect(retryAfterMs({ 'retry-after': '90' }, nowMs)).toBe(90_000)
    expect(retryAfterMs({ 'retry-after': new Date(nowMs + 5_000).toUTCString() }, nowMs)).toBe(5_000)
    expect(retryAfterMs({ 'retry-after': 'soon' }, nowMs)).toBeUndefined()
    expect(retryAfterMs({}, nowMs)).toBeUndefined()
  })
})
