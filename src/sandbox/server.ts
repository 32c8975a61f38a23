import type { Server } from 'node:http'
import { type HttpBindings, serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { Clock } from '../time/clock.ts'
import { createControl } from './control.ts'
import { createConversionPlatforms, type SandboxConversions } from './conversions/index.ts'
import { createFaults, type FaultScript, type ServedFaults } from './faults.ts'
import { createGoogleOauth, type GoogleOauth, isOauthErrorName, oauthError } from './google/oauth.ts'
import { createGoogleAds } from './google-ads/api.ts'
import {
  createAccount,
  createLedger,
  type SandboxAccount,
  type SandboxLedger,
  type WritableLedger,
} from './ledger.ts'
import { BUSINESS_ID } from './meta/errors.ts'
import { createMeta } from './meta/graph.ts'
import { createMetaOauth } from './meta/oauth.ts'
import { playCall } from './play-call.ts'
import type { BidPlatform, Call, Mounted } from './protocol.ts'
import { createReadPlatforms, readHosts, type SandboxReads } from './reads.ts'
import { createTradeDesk } from './tradedesk/api.ts'
import { createBidEndpoint } from './tradedesk/bid.ts'
import { isTradeDeskErrorName, tradeDeskError } from './tradedesk/errors.ts'

export interface SandboxOptions {
  /** The port on 127.0.0.1; 0 takes any free port. */
  readonly port: number
  readonly clock: Clock
  /** The ISO 4217 currency of each account; USD by default. */
  readonly currencies?: Partial<Record<BidPlatform, string>>
  /** How long platforms take to make a report or a file, in milliseconds; 400 by default. */
  readonly reportMs?: number
}

/** In milliseconds: long enough that a client has to wait, and short enough for tests. The real platforms take minutes. */
const DEFAULT_REPORT_MS = 400

export interface Sandbox {
  readonly url: string
  readonly urls: {
    /** Before `/v26/customers/…`. */
    readonly googleAds: string
    /** The token endpoint itself. */
    readonly googleOauth: string
    /** Before `/v26.0/…`. */
    readonly meta: string
    /** Before `/v3/…`. */
    readonly tradedesk: string
    /** Where OpenRTB bid responses are POSTed. */
    readonly tradedeskBid: string
  }
  readonly credentials: typeof CREDENTIALS
  /** How to reach the platforms that are read, by type of connection. */
  readonly sync: SandboxReads
  /** The platforms that take conversions and messages. */
  readonly conversions: SandboxConversions
  readonly faults: FaultScript
  readonly ledger: SandboxLedger
  /** Answers the platform's access token, and any later one, as revoked until {@link restoreToken}. */
  revokeToken(platform: BidPlatform): void
  /** Accepts access tokens again, and Google's refresh token as well. */
  restoreToken(platform: BidPlatform): void
  /** Makes every Google access token given out so far too old; a refresh gives a good one. */
  expireGoogleToken(): void
  /** Answers every refresh with `invalid_grant`. */
  revokeRefreshToken(): void
  /** Cuts every connection. Held requests that were not applied yet never are. */
  close(): Promise<void>
}

const CREDENTIALS = {
  googleAds: {
    accessToken: 'ya29.sandbox-first',
    customerId: '1234567890',
    clientId: 'sandbox.apps.googleusercontent.com',
    clientSecret: 'sandbox-client-secret',
    refreshToken: '1//sandbox-refresh',
  },
  meta: {
    accessToken: 'EAAsandbox',
    businessId: BUSINESS_ID,
    clientId: '600000000000001',
    clientSecret: 'sandbox-app-secret',
  },
  tradedesk: { apiKey: 'sandbox-ttd-auth', partnerId: 'partner-sandbox' },
} as const

type Env = { Bindings: HttpBindings }

/** Starts the played platforms on a loopback port, each with a new account. Rejects if the port is taken. */
export function startSandbox({
  port,
  clock,
  currencies = {},
  reportMs = DEFAULT_REPORT_MS,
}: SandboxOptions): Promise<Sandbox> {
  const faults = createFaults()
  const ledger = createLedger(clock)
  const revoked = new Set<BidPlatform>()
  const oauth = createGoogleOauth(clock, CREDENTIALS.googleAds)
  const conversions = createConversionPlatforms(clock, oauth, reportMs)

  const app = new Hono<Env>()
  app.route('/_sandbox', createControl(faults, ledger, conversions.control))
  const bidPlatforms = playBidPlatforms({
    clock,
    reportMs,
    oauth,
    account: (platform) => createAccount(currencies[platform] ?? 'USD', ledger),
    isRevoked: (platform) => revoked.has(platform),
  })
  const others = [...createReadPlatforms(oauth, clock, ledger, reportMs), ...conversions.mounted]
  for (const mounted of [...bidPlatforms, ...others])
    app.all(`${mounted.prefix}/*`, (c) => answer({ clock, faults, ledger }, mounted, c))

  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (info) => {
      server.off('error', reject)
      resolve(sandboxAt(`http://127.0.0.1:${info.port}`))
    }) as Server
    server.once('error', reject)

    function sandboxAt(url: string): Sandbox {
      return {
        url,
        urls: {
          googleAds: `${url}/google-ads`,
          googleOauth: `${url}/google-oauth/token`,
          meta: `${url}/meta`,
          tradedesk: `${url}/tradedesk`,
          tradedeskBid: `${url}/tradedesk-bid`,
        },
        credentials: CREDENTIALS,
        sync: readHosts(url, CREDENTIALS),
        conversions: conversions.at(url, CREDENTIALS.googleAds),
        faults,
        ledger,
        revokeToken: (platform) => {
          if (platform === 'google_ads') oauth.revokeAccess()
          else revoked.add(platform)
        },
        restoreToken: (platform) => {
          if (platform === 'google_ads') oauth.restore()
          else revoked.delete(platform)
        },
        expireGoogleToken: oauth.expireAccess,
        revokeRefreshToken: oauth.revokeRefresh,
        async close() {
          await conversions.close()
          await new Promise<void>((closed) => {
            faults.shut()
            server.close(() => closed())
            server.closeAllConnections()
          })
        },
      }
    }
  })
}

interface BidPlatformParts {
  readonly clock: Clock
  readonly reportMs: number
  readonly oauth: GoogleOauth
  /** A new, empty account. */
  account(platform: BidPlatform): SandboxAccount
  isRevoked(platform: BidPlatform): boolean
}

function playBidPlatforms({
  clock,
  reportMs,
  oauth,
  account,
  isRevoked,
}: BidPlatformParts): readonly Mounted[] {
  const { googleAds, meta, tradedesk } = CREDENTIALS
  const partner = account('tradedesk')
  const tradeDesk = createTradeDesk(partner, tradedesk, () => isRevoked('tradedesk'), clock, reportMs)
  const metaOauth = createMetaOauth(clock, meta)
  return [
    {
      prefix: '/google-ads',
      target: 'google_ads',
      played: createGoogleAds(account('google_ads'), googleAds.customerId, oauth, clock),
    },
    {
      prefix: '/google-oauth',
      target: 'google_oauth',
      played: {
        handle: oauth.handle,
        errorNamed: (name) => oauthError(isOauthErrorName(name) ? name : 'invalid_request'),
      },
    },
    {
      prefix: '/meta',
      target: 'meta',
      played: createMeta(
        account('meta'),
        meta.accessToken,
        metaOauth,
        () => isRevoked('meta'),
        clock,
        reportMs,
      ),
    },
    { prefix: '/tradedesk', target: 'tradedesk', played: tradeDesk },
    { prefix: '/tradedesk-store', target: 'tradedesk', played: { ...tradeDesk, handle: tradeDesk.store } },
    {
      prefix: '/tradedesk-bid',
      target: 'tradedesk',
      played: {
        handle: createBidEndpoint(partner),
        errorNamed: (name) => tradeDeskError(isTradeDeskErrorName(name) ? name : 'server_error'),
      },
    },
  ]
}

/** Answers one request as the mounted platform does, or as the next fault says. */
async function answer(
  { clock, faults, ledger }: { clock: Clock; faults: ServedFaults; ledger: WritableLedger },
  { prefix, target, played }: Mounted,
  c: Context<Env>,
): Promise<Response> {
  const { pathname, searchParams } = new URL(c.req.url)
  const path = decoded(pathname.slice(prefix.length))
  const { method, raw } = c.req
  const call: Call = { method, path, query: searchParams, headers: raw.headers, body: await c.req.text() }
  // The bid endpoint has no path of its own, so a rule finds it by its prefix.
  const named = path || prefix
  const outcome = await playCall({ clock, faults }, played, call, faults.take(target, method, named))
  const status = outcome.is === 'answer' ? outcome.status : 0
  ledger.note({ platform: target, method, path: named, status })
  if (outcome.is === 'cut') {
    c.env.incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  return new Response(outcome.content === '' ? null : outcome.content, outcome)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
