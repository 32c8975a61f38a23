import { createHmac, randomUUID } from 'node:crypto'
import type { Clock } from '../../time/clock.ts'
import { redirectTo } from '../oauth.ts'
import type { Call, JsonObject, SandboxReply } from '../protocol.ts'
import { refuse } from './errors.ts'

export interface MetaClient {
  readonly clientId: string
  readonly clientSecret: string
}

export interface MetaOauth {
  /** Answers the dialog, which redirects back at once, and the token endpoint. Undefined for any other call. */
  handle(call: Call, params: JsonObject): SandboxReply | undefined
  /** Refuses a token that was not given out here, is too old, is revoked, or comes without proof of the app's secret. */
  check(token: string, proof: unknown): void
  /** Revokes the token's grant, as the user can. */
  revoke(token: string): void
}

/** How long a first token and a token exchanged for it are good, in seconds. */
const SHORT_LIFETIME_S = 3_600
const LONG_LIFETIME_S = 5_183_944
/** How long an authorization code is good, in milliseconds. */
const CODE_LIFETIME_MS = 600_000

interface Grant {
  revoked: boolean
}

/** Meta's login for one app, which requires proof of its secret with every call. There are no refresh tokens. */
export function createMetaOauth(clock: Clock, { clientId, clientSecret }: MetaClient): MetaOauth {
  const codes = new Map<string, { redirectUri: string; untilMs: number }>()
  const tokens = new Map<string, { grant: Grant; untilMs: number }>()

  function dialog({ query }: Call): SandboxReply {
    const redirectUri = query.get('redirect_uri') ?? ''
    if (query.get('client_id') !== clientId) refuse(101, undefined, 'Error validating application.')
    if (!URL.canParse(redirectUri) || !query.get('scope')?.split(',').includes('ads_read'))
      refuse(100, undefined, 'Invalid parameter')
    const code = `AQ${randomUUID()}`
    codes.set(code, { redirectUri, untilMs: clock.elapsedMs() + CODE_LIFETIME_MS })
    // Meta adds the empty fragment to every such address.
    return redirectTo(redirectUri, { code, state: query.get('state') ?? '' }, '_=_')
  }

  const given = (grant: Grant, lifeS: number): SandboxReply => {
    const token = `EAA${randomUUID().replaceAll('-', '')}`
    tokens.set(token, { grant, untilMs: clock.elapsedMs() + lifeS * 1000 })
    return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: lifeS } }
  }

  /** Exchanges a code, which is good once, for a token that is good for an hour. */
  function exchanged(params: JsonObject): SandboxReply {
    const code = String(params['code'])
    const known = codes.get(code)
    codes.delete(code)
    if (!known || clock.elapsedMs() > known.untilMs)
      return refuse(100, 36009, 'This authorization code has been used.')
    if (params['redirect_uri'] !== known.redirectUri)
      refuse(100, 36008, 'Error validating verification code: redirect_uri must be identical.')
    return given({ revoked: false }, SHORT_LIFETIME_S)
  }

  function token(params: JsonObject): SandboxReply {
    if (params['client_id'] !== clientId) refuse(101, undefined, 'Error validating application.')
    if (params['client_secret'] !== clientSecret) refuse(1, undefined, 'Error validating client secret.')
    if (params['grant_type'] !== 'fb_exchange_token') return exchanged(params)
    return given(alive(String(params['fb_exchange_token'])).grant, LONG_LIFETIME_S)
  }

  function alive(named: string) {
    const found = tokens.get(named) ?? refuse(190)
    if (found.grant.revoked) refuse(190, 458)
    if (clock.elapsedMs() >= found.untilMs) refuse(190, 463)
    return found
  }

  return {
    handle(call, params) {
      if (call.method === 'GET' && /^\/v\d{2}\.0\/dialog\/oauth$/.test(call.path)) return dialog(call)
      if (/^\/v\d{2}\.0\/oauth\/access_token$/.test(call.path)) return token(params)
      return undefined
    },
    check(named, proof) {
      alive(named)
      if (proof !== createHmac('sha256', clientSecret).update(named).digest('hex'))
        refuse(100, undefined, 'Invalid appsecret_proof provided in the API argument')
    },
    revoke(named) {
      alive(named).grant.revoked = true
    },
  }
}
