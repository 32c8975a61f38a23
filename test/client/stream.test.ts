import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createBidwardenClient,
  type StreamEvent,
  type StreamOptions,
  type StreamState,
} from '../../clients/typescript/src/index.ts'
import { hashKey } from '../../src/api/index.ts'
import { goOn, startHarness } from '../support/harness.ts'

interface Reading {
  readonly seen: StreamEvent[]
  readonly states: StreamState[]
  readonly abort: AbortController
  /** Resolves when the iteration is over, with what it has thrown. */
  readonly over: Promise<unknown>
}

/** Reads a stream until its signal ends it. */
function read(url: string, options: Partial<StreamOptions> = {}, key?: string): Reading {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const [seen, states]: [StreamEvent[], StreamState[]] = [[], []]
  const client = createBidwardenClient({ baseUrl: url, ...(key !== undefined && { key }) })
  const reading = async () => {
    const onState = (state: StreamState) => void states.push(state)
    for await (const event of client.stream({ signal: abort.signal, onState, ...options })) seen.push(event)
  }
  const over = reading().then(
    () => undefined,
    (error) => error,
  )
  return { seen, states, abort, over }
}

/** A server that answers its first request by the first of `answers` and so on; the last one answers all that follow. */
async function serverThat(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answers[Math.min(asked.length, answers.length) - 1]?.(response, request)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** Events that a server begins with; it is asked again at once after them. */
const events = (...frames: string[]) => {
  const text = ['retry: 0', ...frames.map((frame) => `${frame}\n`)].join('\n')
  return (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`${text}\n`)
}
const opened = (id: string) => `id: ${id}\nevent: open\ndata: {"resumed":false}`
const skipped = (id: string) => `id: ${id}\nevent: skipped\ndata: {"bids":1,"notices":0}`
const problem = (status: number, code: string) => (response: ServerResponse) =>
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ status, code, detail: code }))

describe('a stream of the TypeScript client', () => {
  it('has what happens, typed by the name of its event, and is over without an error once its signal is aborted', async () => {
    const { url, send, clock } = await startHarness()
    const reading = read(url)
    await expect.poll(() => reading.seen[0]?.event).toBe('open')
    await send('POST', '/v1/kill-switch', { engaged: true, reason: 'prices look wrong' })
    const stops = () =>
      reading.seen.flatMap((one) =>
        one.event === 'kill_switch' && one.data.engaged ? [one.data.reason] : [],
      )
    while (stops().length === 0) {
      clock.advance(250)
      await goOn(1)
    }
    expect(stops()).toEqual(['prices look wrong'])
    reading.abort.abort()
    expect(await reading.over).toBeUndefined()
    expect(reading.states).toEqual([{ is: 'open' }])
  })

  it('is taken up again after its last event where the connection breaks, and says that it was away', async () => {
    let cut = () => undefined as unknown
    const server = await serverThat(
      (response) => {
        events(opened('a-1'), skipped('a-2'))(response)
        response.end()
      },
      (response) => {
        events(opened('a-3'))(response)
        cut = () => response.destroy()
      },
      events(opened('a-4')),
    )
    const reading = read(server.url)
    await expect.poll(() => reading.seen.length).toBe(3)
    cut()
    await expect.poll(() => reading.seen.length).toBe(4)
    expect(server.asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'a-2', 'a-3'])
    expect(reading.states.map(({ is }) => is)).toEqual(['open', 'away', 'open', 'away', 'open'])
    reading.abort.abort()
    expect(await reading.over).toBeUndefined()
  })

  it('begins after the event that it is told', async () => {
    const server = await serverThat(events(opened('b-1')))
    const reading = read(server.url, { lastEventId: 'b-0' })
    await expect.poll(() => reading.seen.length).toBe(1)
    expect(server.asked[0]?.headers['last-event-id']).toBe('b-0')
  })

  it('waits longer after each attempt that fails, up to a limit, and as long as the service says', async () => {
    const busy = await serverThat(
      (response) => {
        events(opened('c-1'))(response)
        response.end()
      },
      (response) => {
        response.writeHead(429, { 'content-type': 'application/problem+json' })
        response.end(JSON.stringify({ status: 429, code: 'rate_limited', detail: 'full', retryAfterMs: 11 }))
      },
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
      (response) => response.writeHead(502).end('Bad gateway'),
      (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end('retry: 8\n\n'),
      (response) => response.destroy(),
    )
    const reading = read(busy.url, { longestWaitMs: 40 })
    const waits = () => reading.states.flatMap((one) => (one.is === 'away' ? [one.retryInMs] : []))
    await expect.poll(() => waits().length).toBeGreaterThan(7)
    const [ended, full, page, gateway, fifth, sixth] = waits()
    expect([ended, full, page, gateway]).toEqual([0, 11, 0, 0])
    // Twice `retry` as often as has failed, but not above the limit; half of it at least.
    for (const wait of [fifth, sixth]) {
      expect(wait).toBeGreaterThanOrEqual(20)
      expect(wait).toBeLessThanOrEqual(40)
    }
  })

  it('does not ask at once where it is told to wait for longer than a timer takes', async () => {
    const server = await serverThat((response) => {
      response.writeHead(429, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify({ code: 'rate_limited', detail: 'full', retryAfterMs: 1e12 }))
    })
    const reading = read(server.url)
    await expect.poll(() => reading.states).toMatchObject([{ is: 'away', retryInMs: 2 ** 31 - 1 }])
  })

  it('takes a connection that stays silent for a broken one', async () => {
    const silent = (response: ServerResponse) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 0\n\n')
    const server = await serverThat(silent, events(opened('d-1')))
    const reading = read(server.url, { longestSilenceMs: 30 })
    await expect.poll(() => reading.seen[0]?.id).toBe('d-1')
    expect(server.asked.length).toBeGreaterThan(1)
  })

  it('throws where asking again is of no use: nobody is let in, or there is no stream', async () => {
    const API_KEYS = `tester:bid:${hashKey('a-key-of-this-test').toString('hex')}`
    const { url } = await startHarness({ API_KEYS })
    expect(await read(url).over).toMatchObject({ status: 401, code: 'unauthorized' })
    expect(await read(url, {}, 'a-key-of-this-test').over).toMatchObject({ status: 403, code: 'forbidden' })
    const older = await serverThat(problem(404, 'not_found'))
    expect(await read(older.url).over).toMatchObject({ status: 404 })
    expect(older.asked).toHaveLength(1)
  })

  it('skips what is no event of the service, and goes on after it', async () => {
    const server = await serverThat(
      events(opened('e-1'), 'data: without a name', 'id: e-2\nevent: bid\ndata: half of {'),
      events(opened('e-3')),
    )
    const reading = read(server.url)
    await expect.poll(() => reading.seen.map(({ id }) => id)).toEqual(['e-1', 'e-3'])
    expect(server.asked[1]?.headers['last-event-id']).toBe('e-2')
  })

  it('hangs up where the reader leaves the loop', async () => {
    const server = await serverThat(events(opened('f-1'), skipped('f-2')))
    const signal = new AbortController().signal
    for await (const { event } of createBidwardenClient({ baseUrl: server.url }).stream({ signal }))
      if (event === 'skipped') break
    const [request] = server.asked
    await expect.poll(() => request?.socket.destroyed).toBe(true)
  })
})
