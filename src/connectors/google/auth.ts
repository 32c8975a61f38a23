import type { HttpRequest } from '../../http/http.ts'
import type { Auth } from '../platform/connector.ts'
import { GOOGLE_OAUTH } from './oauth.ts'

/** Default hosts of Google's authorization in `baseUrls`; the sandbox can replace them. */
export const GOOGLE_AUTH_URLS = {
  authorize: GOOGLE_OAUTH.authorizeUrl,
  token: GOOGLE_OAUTH.tokenUrl,
  revoke: GOOGLE_OAUTH.revokeUrl,
}

/** How a Google account is connected. */
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

/**
 * Adds the access token to requests to the API's hosts. Finished reports are stored elsewhere, under signed addresses
 * that must not get it.
 */
export function bearer(request: HttpRequest, accessToken: string, hosts: readonly string[]): HttpRequest {
  const isOurs = hosts.some((host) => request.url.startsWith(`${host}/`))
  if (!isOurs) return request
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${accessToken}` } }
}
