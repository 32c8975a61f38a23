import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { retryAfterMs } from '../../src/http.ts'
import { at, listAt, numberAt, textAt } from '../../src/platforms/index.ts'
import { ask, type ReadConnector, type Row } from '../../src/sync/connectors/read-connector.ts'

/** A platform made up for tests: OAuth with rotating refresh tokens, a paged report, an asynchronous one, a download. */
export interface ExamplePlatform {
  readonly connector: ReadConnector
  /** Every request but those for tokens: `GET /report?…`. */
  readonly asked: string[]
  /** Requests for tokens by grant type. */
  readonly grants: string[]
  /** Answers the next calls like this, one each; `hang` never answers. */
  readonly faults: ({ status: number; headers?: Record<string, string>; body?: string } | 'hang')[]
  rows: Row[]
  /** Polls until an asynchronous report is ready. */
  polls: number
  expireTokens(): void
  /** Lets a key of ours in. */
  accept(key: string): void
  revoke(): void
  /** Goes through the authorization page as a browser would; the address it is sent back to. */
  authorize(url: string): Promise<URL>
}

const FIELDS = ['clicks', 'cost', 'name']

export async function startExamplePlatform(): Promise<ExamplePlatform> {
  const codes = new Map<string, string>()
  let access = new Set<string>()
  let refresh: string | undefined
  const reports = new Map<string, number>()

  const server = createServer(async (request, response) => {
    const body = await text(request)
    const { status, headers, content } = await answer(request, body)
    if (status === 0) return
    response.writeHead(status, headers).end(content)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`

  const json = (status: number, value: unknown, headers: Record<string, string> = {}) => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    content: JSON.stringify(value),
  })
  const tokens = () => {
    const token = `access-${randomUUID()}`
    access.add(token)
    refresh = `refresh-${randomUUID()}`
    return json(200, { access_token: token, refresh_token: refresh, token_type: 'Bearer', expires_in: 3600 })
  }

  async function answer(request: IncomingMessage, body: string) {
    const asked = new URL(request.url ?? '/', url)
    if (asked.pathname === '/authorize') {
      const code = randomUUID()
      codes.set(code, asked.searchParams.get('code_challenge') ?? '')
      const back = new URL(asked.searchParams.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked.searchParams.get('state') ?? '')
      return { status: 302, headers: { location: back.href }, content: '' }
    }
    if (asked.pathname === '/token') return token(new URLSearchParams(body))
    if (asked.pathname === '/revoke') {
      refresh = undefined
      access = new Set()
      return json(200, {})
    }
    platform.asked.push(`${request.method} ${asked.pathname}${asked.search}`)
    const fault = platform.faults.shift()
    if (fault === 'hang') return { status: 0, headers: {}, content: '' }
    if (fault) return { status: fault.status, headers: fault.headers ?? {}, content: fault.body ?? '{}' }
    if (!access.has((request.headers.authorization ?? '').slice('Bearer '.length)))
      return json(401, { error: refresh ? 'expired' : 'revoked' })
    return served(asked, request.method ?? '')
  }

  async function token(form: URLSearchParams) {
    platform.grants.push(form.get('grant_type') ?? '')
    if (form.get('client_secret') !== 'example-secret') return json(401, { error: 'invalid_client' })
    if (form.get('grant_type') === 'authorization_code') {
      const challenge = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const verifier = new TextEncoder().encode(form.get('code_verifier') ?? '')
      const digest = Buffer.from(await crypto.subtle.digest('SHA-256', verifier)).toString('base64url')
      return challenge === digest ? tokens() : json(400, { error: 'invalid_grant' })
    }
    return form.get('refresh_token') === refresh ? tokens() : json(400, { error: 'invalid_grant' })
  }

  function served(asked: URL, method: string) {
    const { pathname, searchParams } = asked
    if (pathname === '/accounts') return json(200, { accounts: [{ id: 'acc-1', name: 'Acme' }] })
    const [start = '', end = ''] = [searchParams.get('start') ?? '', searchParams.get('end') ?? '']
    const rows = platform.rows.filter(({ date }) => typeof date === 'string' && date >= start && date <= end)
    if (pathname === '/report') {
      const from = Number(searchParams.get('page') ?? 0) * 2
      return json(200, { rows: rows.slice(from, from + 2), more: rows.length > from + 2 })
    }
    if (pathname === '/async' && method === 'POST') {
      reports.set(`r${reports.size + 1}`, platform.polls)
      return json(200, { id: `r${reports.size}` })
    }
    if (pathname === '/async') {
      const left = (reports.get(searchParams.get('id') ?? '') ?? 0) - 1
      reports.set(searchParams.get('id') ?? '', left)
      return json(200, { ready: left < 0 })
    }
    const lines = ['date,id,clicks', ...rows.map(({ date, id, clicks }) => `${date},${id},${clicks}`)]
    return { status: 200, headers: { 'content-type': 'text/csv' }, content: lines.join('\n') }
  }

  const platform: ExamplePlatform = {
    connector: exampleConnector(url),
    asked: [],
    grants: [],
    faults: [],
    rows: [],
    polls: 1,
    expireTokens() {
      access = new Set()
    },
    accept(key) {
      access.add(key)
    },
    revoke() {
      access = new Set()
      refresh = undefined
    },
    async authorize(page) {
      const { headers } = await fetch(page, { redirect: 'manual' })
      return new URL(headers.get('location') ?? '')
    },
  }
  return platform
}

function exampleConnector(url: string): ReadConnector {
  const request = (method: 'GET' | 'POST', path: string) =>
    ({ method, url: url + path, headers: {} }) as const
  const rowsOf = (body: unknown): Row[] =>
    listAt(body, 'rows').map((row) => {
      const cells: Record<string, string | number> = {}
      for (const [name, value] of Object.entries(Object(row)))
        if (typeof value === 'string' || typeof value === 'number') cells[name] = value
      return cells
    })
  const spec = {
    fields: FIELDS,
    key: ['date', 'id'],
    dated: true,
    lookbackDays: 3,
    historyMonths: 37,
    maxDays: 90,
  }
  const nothing = { cursor: undefined, finalThrough: undefined, caveats: [] }

  return {
    type: 'DV360',
    auth: {
      is: 'oauth2',
      authorizeUrl: `${url}/authorize`,
      tokenUrl: `${url}/token`,
      revokeUrl: `${url}/revoke`,
      scopes: ['read'],
      scopeSeparator: ' ',
      pkce: true,
      extra: { access_type: 'offline' },
      refresh: 'refresh_token',
    },
    features: ['reports'],
    limits: [{ bucket: 'calls', calls: 100, windowMs: 60_000 }],
    reports: { performance: spec, slow: spec, file: spec },
    baseUrls: { api: url },
    concurrencyPerAccount: 1,
    authorize: (one, accessToken) => ({
      ...one,
      headers: { ...one.headers, authorization: `Bearer ${accessToken}` },
    }),
    read({ status, body, headers }, nowMs) {
      if (status === 200) return { is: 'ok', body: JSON.parse(body) }
      if (status === 401 && body.includes('revoked')) return { is: 'auth_lost', detail: 'revoked' }
      if (status === 401) return { is: 'auth_expired', detail: 'expired' }
      if (status === 429)
        return { is: 'throttled', detail: 'slow down', retryAfterMs: retryAfterMs(headers, nowMs) ?? 1000 }
      return status >= 500
        ? { is: 'transient', detail: `status ${status}` }
        : { is: 'refused', detail: `status ${status}` }
    },
    usedShare: () => undefined,
    *accounts() {
      const body = yield* ask(request('GET', '/accounts'), 'calls')
      return listAt(body, 'accounts').map((account) => ({
        id: textAt(account, 'id') ?? '',
        name: textAt(account, 'name') ?? '',
        currency: 'EUR',
        timezone: 'Europe/Berlin',
      }))
    },
    *campaigns() {
      yield { is: 'progress', share: 1 }
      return nothing
    },
    *report({ reportType, range, resume }) {
      const dates = `start=${range?.start}&end=${range?.end}`
      if (reportType === 'file') {
        yield {
          is: 'download',
          request: request('GET', `/file?${dates}`),
          bucket: 'calls',
          encoding: 'csv',
          gzip: false,
          toRow: (record) => ({
            date: String(record['date']),
            id: String(record['id']),
            clicks: Number(record['clicks']),
          }),
        }
        return nothing
      }
      if (reportType === 'slow') {
        let id = textAt(resume, 'id')
        if (id === undefined) {
          id = textAt(yield* ask(request('POST', `/async?${dates}`), 'calls'), 'id') ?? ''
          yield { is: 'remember', state: { id } }
        }
        while (at(yield* ask(request('GET', `/async?id=${id}`), 'calls'), 'ready') !== true)
          yield { is: 'wait', ms: 30_000 }
      }
      let page = numberAt(resume, 'page') ?? 0
      for (let more = true; more; page++) {
        const body = yield* ask(request('GET', `/report?${dates}&page=${page}`), 'calls')
        yield { is: 'rows', rows: rowsOf(body) }
        more = at(body, 'more') === true
      }
      return { ...nothing, finalThrough: '2026-11-10' }
    },
    write: undefined,
  }
}
