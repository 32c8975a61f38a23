import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../../time/clock.ts'
import type { GoogleErrorName } from '../google-ads/errors.ts'
import type { Call, Handler, Reply } from '../protocol.ts'

const OAUTH_ERRORS = {
  invalid_request: { status: 400, description: 'Bad Request' },
  invalid_client: { status: 401, description: 'Unauthorized' },
  invalid_grant: { status: 400, description: 'Token has been expired or revoked.' },
  invalid_token: { status: 400, description: 'Token expired or revoked' },
  unauthorized_client: { status: 401, description: 'Unauthorized' },
  unsupported_grant_type: { status: 400, description: 'Invalid grant_type' },
  invalid_scope: { status: 400, description: 'Some requested scopes were invalid.' },
} as const

type OauthErrorName = keyof typeof OAUTH_ERRORS

export const isOauthErrorName = (name: string): name is OauthErrorName => Object.hasOwn(OAUTH_ERRORS, name)

export function oauthError(error: OauthErrorName): Reply {
  const { status, description } = OAUTH_ERRORS[error]
  return { status, body: { error, error_description: description } }
}

const LIFETIME_S = 3599
const CODE_LIFETIME_MS = 600_000
const ADS_SCOPE = 'https://www.googleapis.com/auth/adwords'

export interface OauthCredentials {
  readonly accessToken: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

export interface GoogleOauth {
  /** The authorization page at `/authorize`, which asks nobody and sends back at once; `/token`; `/revoke`. */
  readonly handle: Handler
  /** What is wrong with an access token. The first one of the credentials has no end of its own, the others live 3599 s. */
  problemOf(accessToken: string): GoogleErrorName | undefined
  /** What an access token is good for. */
  scopesOf(accessToken: string): readonly string[]
  /** Makes every access token given out so far too old. */
  expireAccess(): void
  /** Every access token, also a later one, is answered as revoked until {@link restore}. */
  revokeAccess(): void
  revokeRefresh(): void
  restore(): void
}

interface Grant {
  readonly scope: string
  revoked: boolean
}
interface Authorized {
  readonly redirectUri: string
  readonly challenge: string | null
  readonly grant: Grant
  readonly untilMs: number
}

/** Google's authorization server for one client. */
export function createGoogleOauth(clock: Clock, credentials: OauthCredentials): GoogleOauth {
  const first: Grant = { scope: ADS_SCOPE, revoked: false }
  const access = new Map([[credentials.accessToken, { grant: first, untilMs: Number.POSITIVE_INFINITY }]])
  const refresh = new Map([[credentials.refreshToken, first]])
  const codes = new Map<string, Authorized>()
  let issued = 0
  let accessRevoked = false
  let refreshRevoked = false

  function authorize({ query }: Call): Reply {
    const [redirectUri, scope] = [query.get('redirect_uri'), query.get('scope')]
    if (query.get('client_id') !== credentials.clientId) return oauthError('invalid_client')
    if (redirectUri === null || !URL.canParse(redirectUri) || query.get('response_type') !== 'code')
      return oauthError('invalid_request')
    if (!scope) return oauthError('invalid_scope')
    const [challenge, method] = [query.get('code_challenge'), query.get('code_challenge_method')]
    if (challenge !== null && method !== 'S256') return oauthError('invalid_request')
    const code = `4/${randomUUID()}`
    const untilMs = clock.elapsedMs() + CODE_LIFETIME_MS
    codes.set(code, { redirectUri, challenge, grant: { scope, revoked: false }, untilMs })
    const back = new URL(redirectUri)
    back.searchParams.set('state', query.get('state') ?? '')
    back.searchParams.set('code', code)
    back.searchParams.set('scope', scope)
    return { status: 302, headers: { location: back.href }, body: undefined }
  }

  function token(form: URLSearchParams): Reply {
    if (form.get('client_id') !== credentials.clientId) return oauthError('invalid_client')
    if (form.get('client_secret') !== credentials.clientSecret) return oauthError('invalid_client')
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return refreshed(form)
      case 'authorization_code':
        return exchanged(form)
      default:
        return oauthError('unsupported_grant_type')
    }
  }

  /** No refresh token in the answer: the old one stays good. */
  function refreshed(form: URLSearchParams): Reply {
    if (!form.has('refresh_token')) return oauthError('invalid_request')
    const grant = refresh.get(form.get('refresh_token') ?? '')
    if (refreshRevoked || !grant || grant.revoked) return oauthError('invalid_grant')
    return given(grant)
  }

  function exchanged(form: URLSearchParams): Reply {
    const code = form.get('code') ?? ''
    const authorized = codes.get(code)
    // A code is good once, also where the rest is wrong.
    codes.delete(code)
    if (!authorized || clock.elapsedMs() > authorized.untilMs) return oauthError('invalid_grant')
    if (form.get('redirect_uri') !== authorized.redirectUri) return oauthError('invalid_grant')
    const verifier = form.get('code_verifier') ?? ''
    const digest = createHash('sha256').update(verifier).digest('base64url')
    if (authorized.challenge !== null && authorized.challenge !== digest) return oauthError('invalid_grant')
    const refreshToken = `1//sandbox-${randomUUID()}`
    refresh.set(refreshToken, authorized.grant)
    return given(authorized.grant, { refresh_token: refreshToken })
  }

  function given(grant: Grant, more: Record<string, string> = {}): Reply {
    issued += 1
    const accessToken = `ya29.sandbox-${issued}`
    access.set(accessToken, { grant, untilMs: clock.elapsedMs() + LIFETIME_S * 1000 })
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: accessToken,
        expires_in: LIFETIME_S,
        scope: grant.scope,
        token_type: 'Bearer',
        ...more,
      },
    }
  }

  /** Either token ends the whole grant. */
  function revoke(form: URLSearchParams): Reply {
    const named = form.get('token') ?? ''
    const grant = refresh.get(named) ?? access.get(named)?.grant
    if (!grant || grant.revoked) return oauthError('invalid_token')
    grant.revoked = true
    return { status: 200, body: {} }
  }

  return {
    handle(call) {
      if (call.method === 'GET' && call.path === '/authorize') return authorize(call)
      if (call.method !== 'POST') return { status: 404, body: { error: 'Not Found' } }
      if (!(call.headers.get('content-type') ?? '').startsWith('application/x-www-form-urlencoded')) {
        return oauthError('invalid_request')
      }
      const form = new URLSearchParams(call.body)
      return call.path === '/revoke' ? revoke(form) : token(form)
    },
    problemOf(accessToken) {
      const found = access.get(accessToken)
      if (found === undefined) return 'OAUTH_TOKEN_INVALID'
      if (accessRevoked || found.grant.revoked) return 'OAUTH_TOKEN_REVOKED'
      return clock.elapsedMs() >= found.untilMs ? 'OAUTH_TOKEN_EXPIRED' : undefined
    },
    scopesOf: (accessToken) => access.get(accessToken)?.grant.scope.split(' ') ?? [],
    expireAccess() {
      for (const token of access.values()) token.untilMs = Number.NEGATIVE_INFINITY
    },
    revokeAccess() {
      accessRevoked = true
    },
    revokeRefresh() {
      refreshRevoked = true
    },
    restore() {
      accessRevoked = false
      refreshRevoked = false
    },
  }
}
