import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { sharedHarness, startHarness } from '../support/harness.ts'

const entry = (name: string, scopes: string, key: string) =>
  `${name}:${scopes}:${hashKey(key).toString('hex')}`
const KEYS = {
  API_KEYS: `${entry('ml', 'bid', 'k-bid')},${entry('grafana', 'read', 'k-read')},${entry('ops', 'admin', 'k-admin')}`,
}
const as = (key: string) => ({ authorization: `Bearer ${key}` })

describe('API keys', () => {
  it('are demanded for everything but the probes and the documentation', async () => {
    const { bid, get, send } = await startHarness(KEYS)
    expect(await bid()).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    expect((await bid()).headers.get('www-authenticate')).toBe('Bearer')
    for (const path of [
      '/v1/budgets',
      '/v1/platforms',
      '/v1/bids',
      '/v1/kill-switch',
      '/metrics',
      '/version',
    ]) {
      expect((await get(path)).status).toBe(401)
      expect((await get(path, as('wrong'))).status).toBe(401)
    }
    expect((await send('POST', '/v1/kill-switch', { engaged: true })).status).toBe(401)
    for (const path of ['/livez', '/readyz', '/openapi.json', '/docs'])
      expect((await get(path)).status).toBe(200)
  })

  it('are read as HTTP writes them: the scheme in any case, more than one space', async () => {
    const { get } = await startHarness(KEYS)
    for (const said of ['bearer k-read', 'BEARER k-read', 'Bearer  k-read'])
      expect([said, (await get('/v1/budgets', { authorization: said })).status]).toEqual([said, 200])
    for (const said of ['Bearerk-read', 'Basic k-read', 'Bearer k-read,k-admin', 'Bearer'])
      expect([said, (await get('/v1/budgets', { authorization: said })).status]).toEqual([said, 401])
  })

  it('allow what their scopes say', async () => {
    const { bid, get, send } = await startHarness(KEYS)
    expect((await bid({}, as('k-bid'))).status).toBe(200)
    expect(await get('/v1/budgets', as('k-bid'))).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect((await get('/v1/budgets', as('k-read'))).status).toBe(200)
    expect((await get('/metrics', as('k-read'))).status).toBe(200)
    expect((await bid({}, as('k-read'))).status).toBe(403)
    expect((await send('POST', '/v1/kill-switch', { engaged: true }, as('k-read'))).status).toBe(403)
    expect((await send('POST', '/v1/kill-switch', { engaged: true }, as('k-admin'))).status).toBe(200)
    expect((await get('/v1/budgets', as('k-admin'))).status).toBe(200)
  })

  it('name the caller in the record, and never appear in the log or in an answer', async () => {
    const { bid, get, logged } = await startHarness(KEYS)
    const placed = await bid({}, as('k-bid'))
    const record = await get(`/v1/bids/${placed.body.bidId}`, as('k-admin'))
    expect(record.body.caller).toBe('ml')
    expect(JSON.stringify([logged, placed.body, record.body])).not.toMatch(/k-bid|k-admin|sandbox-google/)
  })

  it('keep the Idempotency-Keys of different callers apart', async () => {
    const { bid, sandbox } = await startHarness(KEYS)
    await bid({ bidAmount: 1 }, { ...as('k-bid'), 'idempotency-key': 'x' })
    await bid({ bidAmount: 2 }, { ...as('k-admin'), 'idempotency-key': 'x' })
    expect(sandbox.ledger.applied).toHaveLength(2)
  })
})

describe('without API keys', () => {
  const own = sharedHarness()

  it('only requests to a loopback name are answered, so no web page can get in by a name of its own', async () => {
    const { get, service } = await startHarness()
    expect((await get('/v1/budgets')).status).toBe(200)
    const { port } = new URL(service.url)
    const rebound = await rawGet(Number(port), '/v1/budgets', 'evil.example')
    expect(rebound).toContain('403')
  })

  it.each([
    ['http://evil.example/v1/budgets', '127.0.0.1', 403],
    ['http://127.0.0.1.evil.example/v1/budgets', '127.0.0.1', 403],
    ['HTTP://evil.example/v1/budgets', 'localhost', 403],
    ['https://evil.example:443/v1/budgets', 'localhost', 403],
    // A host in the target counts, whatever is said beside it.
    ['http://localhost/v1/budgets', 'evil.example', 200],
    ['HTTP://[::1]:8003/v1/budgets?limit=1', 'evil.example', 200],
    ['http://localhost?limit=1', 'localhost', 404],
    ['http://localhost', 'localhost', 404],
    ['http://127.0.0.1@evil.example/v1/budgets', '127.0.0.1', 400],
    ['http://evil.example@127.0.0.1/v1/budgets', '127.0.0.1', 400],
    ['http:///v1/budgets', 'localhost', 400],
    ['ftp://localhost/v1/budgets', 'localhost', 400],
    ['*', 'localhost', 400],
    ['localhost:80', 'localhost', 400],
    ['//evil.example/v1/budgets', 'localhost', 404],
  ])('the target %s with the Host %s is answered %i', async (target, host, status) => {
    const { url } = await own()
    expect(await rawGet(Number(new URL(url).port), target, host)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it('a bid request may name the whole address, and nobody is connected to another host', async () => {
    const { url } = await own()
    const port = Number(new URL(url).port)
    const bid = JSON.stringify({ id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }] })
    const headers = `Host: x\r\nConnection: close\r\nContent-Length: ${bid.length}\r\n\r\n`
    const target = 'http://bidder.example/openrtb2/example/bid'
    expect(await rawSend(port, `POST ${target} HTTP/1.1\r\n${headers}${bid}`)).toMatch(/^HTTP\/1.1 200 /)
    expect(await rawSend(port, 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
    expect(await rawSend(port, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n')).toBe(
      '',
    )
  })

  it('a page of another site moves nothing, with or without a body', async () => {
    const { service } = await startHarness()
    const pause = (headers: Record<string, string>) =>
      rawPost(Number(new URL(service.url).port), '/v1/budgets/global/pause', headers)
    const host = new URL(service.url).host
    expect(await pause({ origin: 'http://evil.example' })).toBe(403)
    expect(await pause({ origin: 'null' })).toBe(403)
    expect(await pause({ origin: 'http://localhost:1' })).toBe(403)
    expect(await pause({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await pause({ 'sec-fetch-site': 'same-site' })).toBe(403)
    const own = { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }
    expect(await pause({ ...own, 'x-requested-with': 'page' })).toBe(200)
    // A browser that says neither sends no JSON and no header of a page's own without asking first.
    expect(await pause({})).toBe(403)
    expect(await pause({ 'content-type': 'text/plain' })).toBe(415)
    expect(await pause({ 'content-type': 'application/json' })).toBe(200)
    expect(await pause({ 'x-requested-with': 'curl' })).toBe(200)
  })
})

it('a request that names two hosts is cut off', async () => {
  const { url } = await startHarness()
  const port = Number(new URL(url).port)
  const two = `127.0.0.1:${port}\r\nHost: 127.0.0.1:${port}`
  for (const path of ['/v1/budgets', '/livez', '/openrtb2/example/bid'])
    expect(await rawGet(port, path, two)).toMatch(/^HTTP\/1.1 400 .*\r\nconnection: close/s)
})

it('a bid request that a page sends is refused', async () => {
  const { send } = await startHarness()
  const request = { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }] }
  expect((await send('POST', '/openrtb2/example/bid', request)).status).toBe(200)
  for (const from of [{ origin: 'https://evil.example' }, { origin: 'null' }])
    expect((await send('POST', '/openrtb2/example/bid', request, from)).status).toBe(403)
})

describe('a body', () => {
  const pull = async (headers: Record<string, string>) => {
    const { url } = await startHarness()
    const body = JSON.stringify({ engaged: false })
    return fetch(`${url}/v1/kill-switch`, { method: 'POST', headers, body })
  }

  it.each([
    ['application/json', 200],
    ['APPLICATION/JSON', 200],
    ['application/json ;charset=utf-8', 200],
    ['application/json, text/plain', 415],
    ['application/json-seq', 415],
    ['application/jsonp', 415],
    ['text/plain; application/json', 415],
    ['text/plain;charset=application/json', 415],
    ['multipart/form-data; boundary=application/json', 415],
  ])('of the type %s is answered %i', async (type, status) => {
    const answer = await pull({ 'content-type': type })
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([status, null])
  })

  it.each([
    ['gzip', 415],
    ['br', 415],
    ['identity, gzip', 415],
    ['Identity', 200],
    ['identity,', 200],
    ['', 200],
  ])('that says it is coded as %j is answered %i, and never read as it is', async (coding, status) => {
    const answer = await pull({ 'content-type': 'application/json', 'content-encoding': coding })
    const accepted = status === 415 ? 'identity' : null
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([status, accepted])
  })
})

describe('a member that is in an object twice', () => {
  const bid = (more: string) =>
    `{"customerId":"C","campaignId":"c","platform":"meta","predictedLtv":5,"bidAmount":1${more}}`

  it('is refused, and moves no money: a proxy or a log may have read the other one', async () => {
    const { send, sandbox, get } = await startHarness()
    expect((await send('POST', '/v1/bids', bid(''))).status).toBe(200)
    const before = (await get('/v1/budgets/global')).body
    for (const [more, name] of [
      [',"bidAmount":400', 'bidAmount'],
      [',"bidAmount":1', 'bidAmount'],
      [',"b\\u0069dAmount":400', 'bidAmount'],
      [',"__proto__":1,"__proto__":2', '__proto__'],
      [',"context":{"a":[{"deep":1,"deep":{}}]}', 'deep'],
      [',"sk_live_4242424242424242":1,"sk_live_4242424242424242":1', '(a name that is not shown)'],
    ]) {
      const { status, body } = await send('POST', '/v1/bids', bid(more ?? ''))
      const detail = `The body cannot be read: duplicate member "${name}"`
      expect({ status, ...body }).toMatchObject({ status: 400, code: 'invalid_request', detail })
    }
    expect((await get('/v1/budgets/global')).body).toEqual(before)
    expect(sandbox.ledger.applied).toHaveLength(1)
  })

  it('is refused by every call that takes JSON', async () => {
    const { send, get } = await startHarness()
    const { paths } = (await get('/openapi.json')).body
    const odd: unknown[] = []
    let refused = 0
    for (const [path, methods] of Object.entries<Record<string, { requestBody?: { content?: object } }>>(
      paths,
    ))
      for (const [method, { requestBody }] of Object.entries(methods)) {
        if (!requestBody?.content || !('application/json' in requestBody.content)) continue
        const there = path.replace('{scope}', 'global').replaceAll(/\{\w+\}/g, '1')
        const { status, body } = await send(method.toUpperCase(), there, '{"a":1,"a":2}')
        if (status === 400 && String(body.detail).includes('duplicate member "a"')) refused += 1
        // What is not there, or is not signed, is refused before the body is read.
        else if (status !== 404 && status !== 403) odd.push([method, path, status, body])
      }
    expect(odd).toEqual([])
    expect(refused).toBeGreaterThan(15)
  })

  it('is refused in bid requests, short and long, and in what they carry as text', async () => {
    const { url, send } = await startHarness()
    const ask = (imp: string, more = '') =>
      send('POST', '/openrtb2/example/bid', `{"id":"r","imp":[{"id":"1",${imp}}]${more}}`)
    const banner = '"banner":{"w":300,"h":250}'
    const long = `,"ext":{"long":[${'"xxxxxxxxxxxxxxxx",'.repeat(5_000)}1]}`
    expect((await ask(banner, long)).status).toBe(200)
    const floor = ',"bidfloor":0.1,"bidfloor":40'
    for (const reply of [await ask(banner + floor), await ask(banner + floor, long)]) {
      expect(reply).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', field: 'body', detail: 'body: duplicate member "bidfloor"' },
      })
    }
    expect((await (await fetch(`${url}/metrics`)).text()).match(/result="bad_request"\} (\d)/)?.[1]).toBe('2')
    const native = '{"assets":[{"id":1,"id":2,"title":{"len":90}}]}'
    expect((await ask(`"native":{"request":${JSON.stringify(native)}}`)).status).toBe(204)
  })
})

it('a parameter that comes twice is refused, since a proxy may have checked the other', async () => {
  const { get, send } = await startHarness()
  expect(await get('/v1/bids?limit=1&limit=1000')).toMatchObject({ status: 400, body: { field: 'limit' } })
  // A stop is never refused for its words.
  expect((await send('POST', '/v1/budgets/global/pause?reason=a&reason=b')).status).toBe(200)
})

describe('unknown paths and surprises', () => {
  it('answer 404 as a problem', async () => {
    const { get, send } = await startHarness()
    expect(await get('/v2/bids')).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect(await send('DELETE', '/v1/bids')).toMatchObject({ status: 405 })
    expect((await get('/docs/..%2f..%2fpackage.json')).status).toBe(404)
  })

  it('answer 500 without the text of an unforeseen error, which is logged', async () => {
    const { get, service, logged } = await startHarness()
    service.agent.budget.stats = () => {
      throw new Error('secret detail')
    }
    const failed = await get('/v1/budgets')
    expect(failed).toMatchObject({ status: 500, body: { code: 'internal', detail: 'Unexpected error' } })
    expect(JSON.stringify(logged)).toContain('secret detail')
  })
})

/** fetch does not let a test choose the Host header. */
const rawGet = (port: number, path: string, host: string): Promise<string> =>
  rawSend(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)

/** Nor an odd request target. Returns all that is answered. */
async function rawSend(port: number, request: string): Promise<string> {
  const { connect } = await import('node:net')
  const socket = connect(port, '127.0.0.1')
  socket.end(request)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** Nor the headers that only browsers set. Returns the status. */
async function rawPost(port: number, path: string, headers: Record<string, string>): Promise<number> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.once('error', reject)
    sent.end()
  })
}
