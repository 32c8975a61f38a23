import type { KeyScope } from '../../../api/index.ts'

/** What a group of the provider may do here, and for which organisation; undefined means the operator's. */
export interface GroupRights {
  readonly scopes: readonly KeyScope[]
  readonly org: number | undefined
}

/** The settings of signing in by OpenID Connect. */
export interface OidcSettings {
  /** Exactly as the provider writes it, with or without a slash at its end. */
  readonly issuer: string
  readonly clientId: string
  /** Undefined for a public client, which has no secret. */
  readonly clientSecret: string | undefined
  /** Scopes of OpenID Connect, separated by spaces. */
  readonly scope: string
  readonly groupsClaim: string
  readonly nameClaim: string
  readonly groups: ReadonlyMap<string, GroupRights>
}
