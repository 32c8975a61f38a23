/** Where and as whom a platform is reached. Secrets: never logged, never answered. */

export interface GoogleAdsAccount {
  readonly url: string
  readonly oauthUrl: string
  readonly version: string
  /** Digits only. */
  readonly customerId: string
  /** The manager account the access goes through; undefined for direct access. */
  readonly loginCustomerId: string | undefined
  /** Only sent when configured: the API no longer asks for one. */
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

export interface MetaAccount {
  readonly url: string
  readonly version: string
  readonly accessToken: string
  readonly businessId: string
  /** Signs every request when configured (`appsecret_proof`). */
  readonly appSecret: string | undefined
}

export interface TradeDeskAccount {
  readonly url: string
  /** Where bid responses are posted. */
  readonly bidUrl: string
  readonly apiKey: string
  readonly partnerId: string
  /** Win, billing and loss notices are sent below this address. */
  readonly noticeUrl: string
  readonly advertiserDomain: string
}
