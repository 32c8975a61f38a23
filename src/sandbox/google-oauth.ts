import type { SandboxTokens } from './server.ts'
import { type FakePlatform, json } from './wire.ts'

export interface GoogleOauthOptions {
  readonly tokens: SandboxTokens
  readonly accessToken: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/** Google's token endpoint, for the refresh grant. A refreshed access token is valid again. */
export function createGoogleOauth(options: GoogleOauthOptions): FakePlatform {
  const { tokens } = options
  return {
    handle({ method, body }) {
      if (method !== 'POST') return json(404, { error: 'not_found' })
      const form = new URLSearchParams(body)
      if (form.get('grant_type') !== 'refresh_token')
        return refusal('unsupported_grant_type', 'Invalid grant_type')
      if (form.get('client_id') !== options.clientId || form.get('client_secret') !== options.clientSecret) {
        return json(401, { error: 'invalid_client', error_description: 'Unauthorized' })
      }
      if (form.get('refresh_token') !== options.refreshToken || tokens.googleRefreshToken === 'revoked') {
        return refusal('invalid_grant', 'Token has been expired or revoked.')
      }
      if (tokens.googleAccessToken === 'expired') tokens.googleAccessToken = 'valid'
      return json(200, {
        access_token: options.accessToken,
        expires_in: 3599,
        scope: 'https://www.googleapis.com/auth/adwords',
        token_type: 'Bearer',
      })
    },
    error: (name) => refusal(name, name),
    usage: () => ({}),
    state: () => tokens,
  }
}

const refusal = (error: string, text: string) => json(400, { error, error_description: text })
