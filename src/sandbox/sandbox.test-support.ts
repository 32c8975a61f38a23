import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../time/clock.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from './index.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: ReturnType<typeof JSON.parse>
}

/** One sandbox for a test file, with the calls that a client would make. */
export function withSandbox(options: Partial<SandboxOptions> = {}) {
  let running: Sandbox | undefined
  const sandbox = (): Sandbox => {
    if (running === undefined) throw new Error('the sandbox runs only inside tests')
    return running
  }
  beforeAll(async () => {
    running = await startSandbox({ port: 0, clock: systemClock, ...options })
  })
  afterAll(() => running?.close())

  const google = (path: string, body: unknown, accessToken = sandbox().credentials.googleAds.accessToken) =>
    call(`${sandbox().urls.googleAds}/v26/customers/${sandbox().credentials.googleAds.customerId}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  return {
    sandbox,
    google,
    query: async (query: string) => (await google('googleAds:search', { query })).json.results ?? [],
    refresh: () => {
      const { clientId, clientSecret, refreshToken } = sandbox().credentials.googleAds
      const form = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }
      const body = new URLSearchParams({ grant_type: 'refresh_token', ...form })
      return call(sandbox().urls.googleOauth, { method: 'POST', body })
    },
    meta: (path: string, form?: Record<string, string>) =>
      call(`${sandbox().urls.meta}/v26.0/${path}`, {
        method: form === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${sandbox().credentials.meta.accessToken}` },
        ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      }),
    tradedesk: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      call(`${sandbox().urls.tradedesk}/v3/${path}`, {
        method,
        headers: {
          'TTD-Auth': sandbox().credentials.tradedesk.apiKey,
          'content-type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    bid: (body: unknown) =>
      call(sandbox().urls.tradedeskBid, {
        method: 'POST',
        headers: { 'content-type': 'application/json;charset=utf-8', 'x-openrtb-version': '2.5' },
        body: JSON.stringify(body),
      }),
  }
}

export async function call(url: string, init: RequestInit): Promise<Answered> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: json(text) }
}

function json(text: string): Answered['json'] {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
