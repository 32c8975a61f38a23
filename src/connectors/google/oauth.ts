/** Address at which Google's refresh tokens are exchanged. */
export const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'

/**
 * Google's authorization, the same for all its APIs. Access tokens last an hour. Refresh tokens are not rotated. They
 * end when a person revokes them, after six months without use, after seven days while the consent screen is in
 * testing, and when the account grants the same client more than a hundred.
 */
export const GOOGLE_OAUTH = {
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: GOOGLE_TOKEN_URL,
  /** Revokes the whole grant, whichever of its tokens is sent. */
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
  /** Without these parameters a refresh token is sent never, or only the first time. */
  extra: { access_type: 'offline', prompt: 'consent' },
  scopes: {
    googleAds: 'https://www.googleapis.com/auth/adwords',
    displayVideo: 'https://www.googleapis.com/auth/display-video',
    bidManager: 'https://www.googleapis.com/auth/doubleclickbidmanager',
    analytics: 'https://www.googleapis.com/auth/analytics.readonly',
    sheets: 'https://www.googleapis.com/auth/spreadsheets',
  },
} as const
