import type { HttpRequest } from '../../http.ts'
import { GOOGLE_OAUTH } from '../../platforms/index.ts'
import type { Auth } from './read-connector.ts'

/** Hosts of Google's authorization as `baseUrls` name them, so that the sandbox can stand in. */
export const GOOGLE_AUTH_URLS = {
  authorize: GOOGLE_OAUTH.authorizeUrl,
  token: GOOGLE_OAUTH.tokenUrl,
  revoke: GOOGLE_OAUTH.revokeUrl,
}

/** How an account of Google is connected. */
export const googleAuth = (
  { authorize, token, revoke }: typeof GOOGLE_AUTH_URLS,
  scopes: readonly string[],
): Auth => ({
  is: 'oauth2',
  authorizeUrl: authorize,
  tokenUrl: token,
  revokeUrl: revoke,
  scopes,
  scopeSeparator: ' ',
  pkce: true,
  extra: GOOGLE_OAUTH.extra,
  refresh: 'refresh_token',
})

/** Adds the access token, but only for hosts of the API: finished reports lie elsewhere, under addresses signed for us. */
export function bearer(request: HttpRequest, accessToken: string, hosts: readonly string[]): HttpRequest {
  const isOurs = hosts.some((host) => request.url.startsWith(`${host}/`))
  if (!isOurs) return request
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${accessToken}` } }
}
