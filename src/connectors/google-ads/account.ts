/** Addresses and credentials of the account that takes bids. Credentials are secrets: never in a log or an answer. */
export interface GoogleAdsAccount {
  readonly url: string
  readonly oauthUrl: string
  readonly version: string
  /** Id of the customer, digits only. */
  readonly customerId: string
  /** Manager account through which the account is opened; undefined for direct access. */
  readonly loginCustomerId: string | undefined
  /** Developer token, sent only when configured: the API no longer requires it. */
  readonly developerToken: string | undefined
  readonly auth: GoogleAuth
}

export type GoogleAuth =
  | { readonly is: 'access_token'; readonly accessToken: string }
  | {
      readonly is: 'refresh_token'
      readonly clientId: string
      readonly clientSecret: string
      readonly refreshToken: string
    }
