/** Addresses and credentials of the account that takes bids. Credentials are secrets: never in a log or an answer. */
export interface MetaAccount {
  readonly url: string
  readonly version: string
  readonly accessToken: string
  readonly businessId: string
  /** If configured, every request is signed with it (`appsecret_proof`). */
  readonly appSecret: string | undefined
}
