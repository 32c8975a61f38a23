import { hash } from 'node:crypto'
import { KEY_SCOPES, type Person } from '../../../api/index.ts'
import type { Claims } from './oidc-provider.ts'
import type { GroupRights, OidcSettings } from './settings.ts'
import { SignInError } from './sign-in-error.ts'

/** Begins the names of people, so that nobody at the provider can have the name of an API key. */
const PEOPLE = 'oidc:'
/** What a name may have, and its length: as much as `/v1/audit` looks for. */
const PLAIN_NAME = /^[\w.+@-]{1,59}$/
/** Most groups of a person that are looked at. */
const MAX_GROUPS = 10_000

/** Who has signed in, with the rights of all their groups. Throws where those are none, or of several organisations. */
export function personOf(claims: Claims, settings: OidcSettings, operatorOrg: number): Person {
  const rights = groupsIn(claims[settings.groupsClaim]).flatMap((group) => settings.groups.get(group) ?? [])
  const { scopes, org } = together(rights, operatorOrg)
  return { id: `${settings.issuer} ${claims.sub}`, name: nameOf(claims, settings.nameClaim), scopes, org }
}

/** A text is one group. */
function groupsIn(claim: unknown): string[] {
  const all: unknown[] = Array.isArray(claim) ? claim.slice(0, MAX_GROUPS) : [claim]
  return all.filter((one) => typeof one === 'string')
}

/** Groups of the operator's stand above all others: who is in one of them acts for the operator alone. */
function together(rights: readonly GroupRights[], operatorOrg: number): GroupRights {
  const isOperators = ({ org }: GroupRights) => org === undefined || org === operatorOrg
  const ofOperator = rights.filter(isOperators)
  const counted = ofOperator.length > 0 ? ofOperator : rights
  const [first] = counted
  if (!first) throw new SignInError('no_groups', 'none of the groups is in OIDC_GROUPS')
  if (ofOperator.length === 0 && counted.some(({ org }) => org !== first.org)) {
    const orgs = [...new Set(counted.map(({ org }) => org))]
    throw new SignInError('several_organisations', `the groups are of the organisations ${orgs.join(', ')}`)
  }
  const scopes = KEY_SCOPES.filter((scope) => counted.some((one) => one.scopes.includes(scope)))
  return { scopes, org: ofOperator.length > 0 ? undefined : first.org }
}

/**
 * By the claim of the configuration. An address that the provider has not verified names nobody, and neither does what
 * could stand for something else where it is shown; their id at the provider does then.
 */
function nameOf(claims: Claims, claim: string): string {
  const said = claims[claim]
  const isVerified = claim !== 'email' || claims['email_verified'] !== false
  if (typeof said === 'string' && isVerified && PLAIN_NAME.test(said)) return PEOPLE + said
  return PEOPLE + (PLAIN_NAME.test(claims.sub) ? claims.sub : hash('sha256', claims.sub, 'base64url'))
}
