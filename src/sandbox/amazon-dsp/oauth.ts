import { randomUUID } from 'node:crypto'
import type { Clock } from '../../time/clock.ts'
import { meetsChallenge, redirectTo } from '../oauth.ts'
import type { Call, Played, SandboxReply } from '../protocol.ts'

const ERRORS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 401,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  ServiceUnavailable: 503,
} as const
type ErrorName = keyof typeof ERRORS

export const isAmazonOauthErrorName = (name: string): name is ErrorName => Object.hasOwn(ERRORS, name)

const refused = (error: ErrorName): SandboxReply => ({
  status: ERRORS[error],
  body: { error, error_description: 'The request was refused', request_id: randomUUID() },
})

/** How long an access token is good, in seconds. */
const LIFETIME_S = 3600
/** How long an authorization code is good, in milliseconds. */
const CODE_LIFETIME_MS = 300_000
const SCOPE = 'advertising::campaign_management'

export interface AmazonOauth {
  readonly played: Played
  isGood(accessToken: string): boolean
}

/** Login with Amazon in every region: `/na/authorize`, which redirects back at once, and `/na/token`. */
export function createAmazonOauth(
  clock: Clock,
  credentials: { readonly clientId: string; readonly clientSecret: string },
): AmazonOauth {
  const codes = new Map<string, { redirectUri: string; challenge: string | null; untilMs: number }>()
  const access = new Map<string, number>()
  const refresh = new Set<string>()

  function authorize({ query }: Call): SandboxReply {
    const redirectUri = query.get('redirect_uri')
    if (query.get('client_id') !== credentials.clientId) return refused('invalid_client')
    if (redirectUri === null || !URL.canParse(redirectUri) || query.get('response_type') !== 'code')
      return refused('invalid_request')
    if (query.get('scope') !== SCOPE) return refused('invalid_scope')
    const code = randomUUID()
    const untilMs = clock.elapsedMs() + CODE_LIFETIME_MS
    codes.set(code, { redirectUri, challenge: query.get('code_challenge'), untilMs })
    return redirectTo(redirectUri, { code, scope: SCOPE, state: query.get('state') ?? '' })
  }

  function token(form: URLSearchParams): SandboxReply {
    if (form.get('client_id') !== credentials.clientId) return refused('invalid_client')
    if (form.get('client_secret') !== credentials.clientSecret) return refused('invalid_client')
    if (form.get('grant_type') === 'refresh_token') {
      const refreshToken = form.get('refresh_token') ?? ''
      return refresh.has(refreshToken) ? tokens(refreshToken) : refused('invalid_grant')
    }
    if (form.get('grant_type') !== 'authorization_code') return refused('unsupported_grant_type')
    const code = form.get('code') ?? ''
    const authorized = codes.get(code)
    codes.delete(code)
    const fits =
      authorized !== undefined &&
      clock.elapsedMs() <= authorized.untilMs &&
      form.get('redirect_uri') === authorized.redirectUri &&
      meetsChallenge(authorized.challenge, form)
    return fits ? tokens(`Atzr|${randomUUID()}`) : refused('invalid_grant')
  }

  /** A new access token. The answer repeats the refresh token, which never changes. */
  function tokens(refreshToken: string): SandboxReply {
    const accessToken = `Atza|${randomUUID()}`
    access.set(accessToken, clock.elapsedMs() + LIFETIME_S * 1000)
    refresh.add(refreshToken)
    const body = { access_token: accessToken, refresh_token: refreshToken, token_type: 'bearer' }
    return { status: 200, body: { ...body, expires_in: LIFETIME_S } }
  }

  return {
    played: {
      handle(call) {
        if (call.method === 'GET' && /^\/\w\w\/authorize$/.test(call.path)) return authorize(call)
        if (call.method === 'POST' && /^\/\w\w\/token$/.test(call.path))
          return token(new URLSearchParams(call.body))
        return refused('invalid_request')
      },
      errorNamed: (name) => refused(isAmazonOauthErrorName(name) ? name : 'invalid_request'),
    },
    isGood: (accessToken) => clock.elapsedMs() < (access.get(accessToken) ?? Number.NEGATIVE_INFINITY),
  }
}
