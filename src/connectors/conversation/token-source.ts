export type Token =
  | { readonly is: 'token'; readonly accessToken: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** The provider gives no token now; try again in `retryAfterMs` milliseconds. */
  | { readonly is: 'unavailable'; readonly detail: string; readonly retryAfterMs: number }

/** Gives the access token of one account. */
export interface TokenSource {
  /** Returns a token that should work now. */
  get(): Promise<Token>
  /**
   * Returns a newer token than `stale`, which the platform has reported as expired. Callers at the same time share one
   * refresh.
   */
  renew(stale: string): Promise<Token>
  /** Notes that the platform has revoked the grant. Absent where nobody keeps its state. */
  lose?(detail: string): Promise<void>
}

/** Access tokens of the connections of organisations, as {@link TokenSource} gives one account's. */
export interface ConnectionTokens {
  get(connectorId: string): Promise<Token>
  renew(connectorId: string, stale: string): Promise<Token>
  /** Notes that the platform has revoked the grant: the connection needs a person. */
  lose(connectorId: string, detail: string): Promise<void>
}
