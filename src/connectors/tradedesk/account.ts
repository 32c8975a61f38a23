/** Addresses and credentials of the account that takes bids. Credentials are secrets: never in a log or an answer. */
export interface TradeDeskAccount {
  readonly url: string
  /** Address to which bid responses are posted. */
  readonly bidUrl: string
  readonly apiKey: string
  readonly partnerId: string
  /** Start of the addresses for win, billing and loss notices. */
  readonly noticeUrl: string
  readonly advertiserDomain: string
}
