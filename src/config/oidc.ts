import { z } from 'zod'
import type { GroupRights, OidcSettings } from '../agent/index.ts'
import { KEY_SCOPES } from '../api/index.ts'
import { isLoopback, parsedJson, secret, text } from './fields.ts'

/** `read+operate`, or `read+operate@7` for organisation 7. */
const rights = z.string().transform((said, ctx): GroupRights => {
  const [, names = '', org] = /^([a-z+]+)(?:@([1-9]\d{0,8}))?$/.exec(said) ?? []
  const wanted = names.split('+')
  const scopes = KEY_SCOPES.filter((scope) => wanted.includes(scope))
  if (scopes.length === wanted.length) return { scopes, org: org === undefined ? undefined : Number(org) }
  ctx.addIssue({
    code: 'custom',
    message: `must be scopes of ${KEY_SCOPES.join(', ')} joined by +, which may end in @organisation (a number)`,
  })
  return z.NEVER
})

/** The variables of signing in by OpenID Connect. */
export const oidcFields = {
  // Not normalised: the provider decides whether its name ends with a slash.
  OIDC_ISSUER: z
    .url()
    .refine((url) => isSafe(new URL(url)), 'must be https, or http on this machine')
    .optional(),
  OIDC_CLIENT_ID: text,
  OIDC_CLIENT_SECRET: secret(1),
  OIDC_SCOPES: z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e ]+$/)
    .refine((scopes) => scopes.split(' ').includes('openid'), 'must have openid among them')
    .default('openid profile email'),
  OIDC_GROUPS_CLAIM: z.string().min(1).default('groups'),
  OIDC_NAME_CLAIM: z.string().min(1).default('email'),
  OIDC_GROUPS: parsedJson.pipe(z.record(z.string().min(1), rights)).optional(),
}

type OidcEnvironment = z.output<z.ZodObject<typeof oidcFields>>

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))

/** Undefined if nobody signs in by OpenID Connect. */
export function oidcSettings(env: OidcEnvironment): OidcSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = env
  if (issuer === undefined || clientId === undefined) return undefined
  return {
    issuer,
    clientId,
    clientSecret: env.OIDC_CLIENT_SECRET,
    scope: env.OIDC_SCOPES,
    groupsClaim: env.OIDC_GROUPS_CLAIM,
    nameClaim: env.OIDC_NAME_CLAIM,
    groups: new Map(Object.entries(env.OIDC_GROUPS ?? {})),
  }
}

/** A line for each variable that is missing although related ones are set. */
export function oidcProblems(
  env: OidcEnvironment & { HOST: string; PUBLIC_URL?: string | undefined },
): string[] {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_GROUPS, PUBLIC_URL, HOST } = env
  if (OIDC_ISSUER === undefined)
    return OIDC_CLIENT_ID === undefined && OIDC_GROUPS === undefined
      ? []
      : ['OIDC_ISSUER: required with OIDC_CLIENT_ID and OIDC_GROUPS']
  return [
    ...(OIDC_CLIENT_ID === undefined ? ['OIDC_CLIENT_ID: required with OIDC_ISSUER'] : []),
    ...(OIDC_GROUPS === undefined || Object.keys(OIDC_GROUPS).length === 0
      ? ['OIDC_GROUPS: required with OIDC_ISSUER, or nobody gets in; as in {"traders":"read+operate"}']
      : []),
    ...(PUBLIC_URL === undefined && !isLoopback(HOST)
      ? ['PUBLIC_URL: required with OIDC_ISSUER: the provider sends browsers back to it']
      : []),
  ]
}
