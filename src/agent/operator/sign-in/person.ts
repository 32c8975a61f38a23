import { hash } from 'node:crypto'
import { KEY_SCOPES, type Person } from '../../../api/index.ts'
import type { Claims } from './oidc-provider.ts'
import type { GroupRights, OidcSettings } from './settings.ts'
import { SignInError } from './sign-in-error.ts'

/** Prefix of people's names, so that nobody can take the name of an API key at the provider. */
const PEOPLE = 'oidc:'
/** The names that are shown as they are: the characters and length that `/v1/audit` can search for. */
const PLAIN_NAME = /^[\w.+@-]{1,59}$/
/** The most groups of a person that are read. */
const MAX_GROUPS = 10_000

/**
 * The person who has signed in, with the rights of all their groups. Throws if there are none, or if the groups belong
 * to several organisations.
 */
export function personOf(claims: Claims, settings: OidcSettings, operatorOrg: number): Person {
  const rights = groupsIn(claims[settings.groupsClaim]).flatMap((group) => settings.groups.get(group) ?? [])
  const { scopes, org } = together(rights, operatorOrg)
  return { id: `${settings.issuer} ${claims.sub}`, name: nameOf(claims, settings.nameClaim), scopes, org }
}

/** A claim that is a single text is one group. */
function groupsIn(claim: unknown): string[] {
  const all: unknown[] = Array.isArray(claim) ? claim.slice(0, MAX_GROUPS) : [claim]
  return all.filter((one) => typeof one === 'string')
}

/** Groups of the operator take precedence: a person in one of them acts only for the operator. */
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
 * The name in the configured claim. An e-mail address that the provider has not verified is not used, and neither is a
 * name that could be mistaken for something else; the person's id at the provider is used instead.
 */
function nameOf(claims: Claims, claim: string): string {
  const said = claims[claim]
  const isVerified = claim !== 'email' || claims['email_verified'] !== false
  if (typeof said === 'string' && isVerified && PLAIN_NAME.test(said)) return PEOPLE + said
  return PEOPLE + (PLAIN_NAME.test(claims.sub) ? claims.sub : hash('sha256', claims.sub, 'base64url'))
}
