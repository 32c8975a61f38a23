import { z } from 'zod'
import { APPROVAL_MODES, type ApprovalRule } from '../agent/index.ts'
import { type ApiKey, readMoney } from '../api/index.ts'
import { parsedJson } from './fields.ts'

const Amount = z.number().transform(readMoney).optional()
/** Names of scopes as budgets have them. */
const ScopeName = z
  .string()
  .regex(
    /^(?:global|platform:\w{1,32}|campaign:\w{1,32}:[A-Za-z0-9_-]{1,64}(?:@[1-9]\d{0,8})?|org:[1-9]\d{0,8}|key:[\w-]{1,32}(?:@[1-9]\d{0,8})?)$/,
    'must be the name of a budget, such as global, platform:meta or campaign:meta:spring',
  )
const Rule = z.strictObject({
  mode: z.enum(APPROVAL_MODES),
  bidAbove: Amount,
  limitAbove: Amount,
  timesUsual: z.number().min(1).max(1_000).optional(),
})
/** Most scopes with rules: each bid looks at those that pay for it. */
const MAX_RULES = 1_000

/** Variables of approvals. */
export const approvalFields = {
  APPROVALS: z
    .string()
    .default('{}')
    .pipe(parsedJson)
    .pipe(
      z
        .record(ScopeName, Rule)
        .refine((rules) => Object.keys(rules).length <= MAX_RULES, `must have at most ${MAX_RULES} scopes`),
    )
    .transform((rules): ApprovalRule[] => Object.entries(rules).map(([scope, rule]) => ({ scope, ...rule }))),
  APPROVALS_WAIT_SECONDS: z.coerce.number().int().min(1).max(604_800).default(3_600),
}

interface ApprovalEnvironment {
  readonly APPROVALS: readonly ApprovalRule[]
  readonly API_KEYS: readonly ApiKey[]
  readonly OIDC_ISSUER?: string | undefined
}

/**
 * A line for a rule with the mode `enforce` whose approvals nobody could give. Another key, or person, than the asking one has
 * to approve, so there must be two, and one that has the scope for it.
 */
export function approvalProblems({ APPROVALS, API_KEYS, OIDC_ISSUER }: ApprovalEnvironment): string[] {
  const enforced = APPROVALS.find(({ mode }) => mode === 'enforce')
  if (!enforced || OIDC_ISSUER !== undefined) return []
  const holders = new Set(API_KEYS.map(({ name, org }) => `${name}@${org ?? ''}`))
  const mayApprove = API_KEYS.some(({ scopes }) => scopes.includes('operate') || scopes.includes('admin'))
  if (holders.size > 1 && mayApprove) return []
  const lacks =
    holders.size > 1 ? 'API_KEYS has none with the scope operate' : `API_KEYS has ${holders.size || 'none'}`
  return [
    `APPROVALS: ${enforced.scope} has the mode enforce, and another key than the asking one has to approve, but ${lacks}; add one, sign in by OIDC_ISSUER, or use audit or advise`,
  ]
}
