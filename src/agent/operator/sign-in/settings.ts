import type { KeyScope } from '../../../api/index.ts'

/** What a group of the provider's may do here, and for which organisation; undefined for the operator's. */
export interface GroupRights {
  readonly scopes: readonly KeyScope[]
  readonly org: number | undefined
}

/** How people sign in by OpenID Connect. */
export interface OidcSettings {
  /** As the provider writes it, with or without a slash at its end. */
  readonly issuer: string
  readonly clientId: string
  /** Undefined for a client that the provider lets in without one. */
  readonly clientSecret: string | undefined
  /** Scopes of OpenID Connect, separated by spaces. */
  readonly scope: string
  readonly groupsClaim: string
  readonly nameClaim: string
  readonly groups: ReadonlyMap<string, GroupRights>
}
