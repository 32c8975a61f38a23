import { GOOGLE_TOKEN_URL } from './defaults.ts'

/**
 * Google's authorization, the same for all its APIs. Access tokens last an hour; refresh tokens are not rotated, and end
 * when a person revokes them, after six months without use, after seven days while the consent screen is in testing, and
 * when the same account grants the same client more than a hundred.
 */
export const GOOGLE_OAUTH = {
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: GOOGLE_TOKEN_URL,
  /** Ends the whole grant, whichever of its tokens is named. */
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
  /** Without these no refresh token comes, or only the first time. */
  extra: { access_type: 'offline', prompt: 'consent' },
  scopes: {
    googleAds: 'https://www.googleapis.com/auth/adwords',
    displayVideo: 'https://www.googleapis.com/auth/display-video',
    bidManager: 'https://www.googleapis.com/auth/doubleclickbidmanager',
    analytics: 'https://www.googleapis.com/auth/analytics.readonly',
    sheets: 'https://www.googleapis.com/auth/spreadsheets',
  },
} as const
