import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { Connector } from '../../src/connectors/platform/connector.ts'
import type { Row } from '../../src/connectors/platform/rows.ts'
import { exampleConnector } from './example-connector.ts'
import { listenUntilEnd } from './local-server.ts'

/** A platform made up for tests: OAuth with rotating refresh tokens, a paged report, an asynchronous one, a download. */
export interface ExamplePlatform {
  readonly connector: Connector
  /** Every request but those for tokens: `GET /report?…`. */
  readonly asked: string[]
  /** Requests for tokens by grant type. */
  readonly grants: string[]
  /** Answers every refresh like this. */
  refreshAnswer: { status: number; body: Record<string, unknown> } | undefined
  /** Added to every answer with tokens; `undefined` takes a field out. */
  tokenFields: Record<string, unknown>
  /** Answers the next calls like this, one each; `hang` never answers, `slow` after a tenth of a real second. */
  readonly faults: ({ status: number; headers?: Record<string, string>; body?: string } | 'hang' | 'slow')[]
  rows: Row[]
  /** That a grant reaches. */
  accounts: string[]
  /** Told of every request for data and whose it is. */
  onAsked: (account: string) => void
  /** Polls until an asynchronous report is ready. */
  polls: number
  expireTokens(): void
  /** Lets a key of ours in. */
  accept(key: string): void
  revoke(): void
  /** Goes through the authorization page as a browser would; the address it is sent back to. */
  authorize(url: string): Promise<URL>
}

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
  })
  const url = await listenUntilEnd(server)

  const json = (status: number, value: unknown, headers: Record<string, string> = {}) => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    content: JSON.stringify(value),
  })
  const tokens = () => {
    const token = `access-${randomUUID()}`
    access.add(token)
    refresh = `refresh-${randomUUID()}`
    const answer = { access_token: token, refresh_token: refresh, token_type: 'Bearer', expires_in: 3600 }
    return json(200, { ...answer, ...platform.tokenFields })
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
    const account = request.headers['x-account']
    if (typeof account === 'string') platform.onAsked(account)
    const fault = platform.faults.shift()
    if (fault === 'hang') return { status: 0, headers: {}, content: '' }
    if (fault === 'slow') await setTimeout(100)
    else if (fault) return { status: fault.status, headers: fault.headers ?? {}, content: fault.body ?? '{}' }
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
    if (platform.refreshAnswer) return json(platform.refreshAnswer.status, platform.refreshAnswer.body)
    return form.get('refresh_token') === refresh ? tokens() : json(400, { error: 'invalid_grant' })
  }

  function served(asked: URL, method: string) {
    const { pathname, searchParams } = asked
    if (pathname === '/accounts')
      return json(200, { accounts: platform.accounts.map((id) => ({ id, name: 'Acme' })) })
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
    refreshAnswer: undefined,
    tokenFields: {},
    faults: [],
    rows: [],
    accounts: ['acc-1'],
    onAsked: () => {},
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
