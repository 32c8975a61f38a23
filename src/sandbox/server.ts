import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Clock, sleep } from '../clock.ts'
import { control } from './control.ts'
import { type Fault, FaultScript } from './faults.ts'
import { createGoogleAds } from './google-ads.ts'
import { createGoogleOauth } from './google-oauth.ts'
import { SandboxLedger } from './ledger.ts'
import { createMeta } from './meta.ts'
import { createTradeDesk } from './trade-desk.ts'
import { type FakePlatform, json, type WireAnswer, type WireRequest } from './wire.ts'

export interface SandboxOptions {
  /** 0 for any free port. */
  readonly port: number
  readonly clock: Clock
  /** ISO 4217 of each account; USD by default. */
  readonly currencies?: Partial<Record<'google_ads' | 'meta' | 'tradedesk', string>>
}

/** Every platform's API on one loopback port, with state, and faults to order. */
export interface Sandbox {
  readonly url: string
  readonly urls: {
    readonly googleAds: string
    readonly googleOauth: string
    readonly meta: string
    readonly tradedesk: string
    readonly tradedeskBid: string
  }
  /** What it accepts. */
  readonly credentials: typeof CREDENTIALS
  readonly faults: FaultScript
  readonly ledger: SandboxLedger
  /** Tokens as they stand; change them to revoke or expire one. */
  readonly tokens: SandboxTokens
  close(): Promise<void>
}

/** Which credentials still work. */
export interface SandboxTokens {
  googleAccessToken: 'valid' | 'expired' | 'revoked'
  googleRefreshToken: 'valid' | 'revoked'
  meta: 'valid' | 'expired' | 'revoked'
  tradedesk: 'valid' | 'revoked'
}

const CREDENTIALS = {
  googleAds: {
    accessToken: 'sandbox-google-access',
    customerId: '1112223333',
    clientId: 'sandbox-client',
    clientSecret: 'sandbox-client-secret',
    refreshToken: 'sandbox-google-refresh',
  },
  meta: { accessToken: 'sandbox-meta-token', businessId: '900100200' },
  tradedesk: { apiKey: 'sandbox-tradedesk-token', partnerId: 'sandboxpartner' },
} as const

const PREFIXES = {
  'google-ads': 'google_ads',
  'google-oauth': 'google_oauth',
  meta: 'meta',
  tradedesk: 'tradedesk',
} as const

export async function startSandbox({ port, clock, currencies = {} }: SandboxOptions): Promise<Sandbox> {
  const faults = new FaultScript()
  const ledger = new SandboxLedger(clock)
  const tokens: SandboxTokens = {
    googleAccessToken: 'valid',
    googleRefreshToken: 'valid',
    meta: 'valid',
    tradedesk: 'valid',
  }
  const platforms: Record<string, FakePlatform> = {
    google_ads: createGoogleAds({
      ledger,
      tokens,
      currency: currencies.google_ads ?? 'USD',
      ...CREDENTIALS.googleAds,
    }),
    google_oauth: createGoogleOauth({ tokens, ...CREDENTIALS.googleAds }),
    meta: createMeta({ ledger, tokens, currency: currencies.meta ?? 'USD', ...CREDENTIALS.meta }),
    tradedesk: createTradeDesk({
      ledger,
      tokens,
      currency: currencies.tradedesk ?? 'USD',
      ...CREDENTIALS.tradedesk,
    }),
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const wire = await wireRequest(request, url)
    const [, prefix = '', ...rest] = url.pathname.split('/')
    if (prefix === '_sandbox') return send(response, control(wire, { faults, ledger, platforms }))
    const name = Reflect.get(PREFIXES, prefix)
    const platform = typeof name === 'string' ? platforms[name] : undefined
    if (!platform) return send(response, json(404, { message: 'no such platform' }))

    const path = `/${rest.join('/')}`
    const fault = faults.draw(name, wire.method, path)
    const result = await suffer(fault, platform, { ...wire, path }, clock, faults)
    ledger.see({ platform: name, method: wire.method, path, status: result === 'cut' ? 0 : result.status })
    if (result === 'cut') request.socket.destroy()
    else send(response, result)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => send(response, json(500, { message: String(error) })))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`
  return {
    url,
    urls: {
      googleAds: `${url}/google-ads`,
      googleOauth: `${url}/google-oauth/token`,
      meta: `${url}/meta`,
      tradedesk: `${url}/tradedesk`,
      tradedeskBid: `${url}/tradedesk/bid`,
    },
    credentials: CREDENTIALS,
    faults,
    ledger,
    tokens,
    async close() {
      faults.clear()
      faults.release()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The answer to a request under a fault; `cut` to drop the connection instead. */
async function suffer(
  fault: Fault | undefined,
  platform: FakePlatform,
  request: WireRequest,
  clock: Clock,
  faults: FaultScript,
): Promise<WireAnswer | 'cut'> {
  switch (fault?.is) {
    case undefined:
      return platform.handle(request, true)
    case 'latency':
      await sleep(clock, fault.ms)
      return platform.handle(request, true)
    case 'hold':
      await faults.wait()
      return platform.handle(request, true)
    case 'hold_after': {
      const answer = platform.handle(request, true)
      await faults.wait()
      return answer
    }
    case 'error':
      return platform.error(fault.name) ?? json(500, { message: `no error is called ${fault.name}` })
    case 'http':
      return bare(fault.status)
    case 'http_after':
      platform.handle(request, true)
      return bare(fault.status)
    case 'reset':
      return 'cut'
    case 'reset_after':
      platform.handle(request, true)
      return 'cut'
    case 'malformed': {
      const answer = platform.handle(request, true)
      return { ...answer, body: answer.body.slice(0, answer.body.length / 2) }
    }
    case 'ignored':
      return platform.handle(request, false)
    case 'no_content':
      platform.handle(request, true)
      return { status: 240, headers: {}, body: '' }
    case 'usage': {
      const answer = platform.handle(request, true)
      return { ...answer, headers: { ...answer.headers, ...platform.usage(fault.percent) } }
    }
  }
}

/** What a proxy in front of a platform says. */
const bare = (status: number): WireAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><body><h1>${status}</h1></body></html>`,
})

async function wireRequest(request: IncomingMessage, url: URL): Promise<WireRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ])
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

function send(response: ServerResponse, { status, headers, body }: WireAnswer): void {
  if (response.destroyed) return
  response.writeHead(status, headers)
  response.end(body)
}
