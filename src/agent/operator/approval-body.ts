import { z } from '@hono/zod-openapi'
import { type ApiAnswer, ok } from '../../api/index.ts'
import { APPROVAL_KINDS } from '../../metrics/metrics.ts'
import { isoTime } from '../../time/clock.ts'
import { APPROVAL_REASONS, APPROVAL_STATUSES, type Approval } from '../approvals/index.ts'
import { type Org, shownName } from '../organisations.ts'

/** An approval as callers see it. */
export const ApprovalBody = z
  .object({
    approvalId: z.string(),
    status: z.enum(APPROVAL_STATUSES).openapi({
      description:
        '`applying`: given, and being done. `applied` and `not_applied` say what came of it. `interrupted`: the service ended meanwhile; it is not done again.',
    }),
    kind: z.enum(APPROVAL_KINDS),
    scope: z.string().openapi({ description: 'The budget that it is about; of a bid that of its campaign.' }),
    reasons: z.array(z.enum(APPROVAL_REASONS)),
    askedBy: z.string(),
    askedAt: z.string(),
    expiresAt: z.string(),
    reason: z.string().optional().openapi({ description: 'Why it was asked for.' }),
    from: z.unknown().optional().openapi({ description: 'What it was, money in units.' }),
    to: z.unknown().optional().openapi({ description: 'What it is to be, money in units.' }),
    bidId: z.string().optional(),
    decidedBy: z.string().optional(),
    decidedAt: z.string().optional(),
    decisionReason: z.string().optional(),
    code: z.string().optional().openapi({ description: 'Why it was not applied, or is not known to be.' }),
    detail: z.string().optional(),
  })
  .openapi('Approval')

/** An approval for a caller bound to `org`. */
export function approvalBody(approval: Approval, org: Org): z.output<typeof ApprovalBody> {
  const { id, scope, askedBy, askedAtMs, expiresAtMs, decidedBy, decidedAtMs, boundTo } = approval
  const { status, kind, reasons, reason, from, to, bidId, decisionReason, code, detail } = approval
  // An organisation sees the names of its own keys only. Any other key is shown as `operator`.
  const decider =
    org !== undefined && decidedBy !== undefined && !decidedBy.endsWith(`@${boundTo}`)
      ? 'operator'
      : decidedBy
  return {
    ...{ approvalId: id, status, kind, scope: shownName(scope, org), reasons },
    askedBy: shownName(askedBy, org),
    askedAt: isoTime(askedAtMs),
    expiresAt: isoTime(expiresAtMs),
    ...(reason !== undefined && { reason }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(bidId !== undefined && { bidId }),
    ...(decider !== undefined && { decidedBy: shownName(decider, org) }),
    ...(decidedAtMs !== undefined && { decidedAt: isoTime(decidedAtMs) }),
    ...(decisionReason !== undefined && { decisionReason }),
    ...(code !== undefined && { code }),
    ...(detail !== undefined && { detail }),
  }
}

/** The answer to what waits for an approval. */
export const pendingAnswer = (approval: Approval, org: Org): ApiAnswer => ok(approvalBody(approval, org), 202)

/** How a route documents that answer. */
export const PENDING = {
  202: {
    description: 'It needs an approval: nothing is changed until another key gives it',
    schema: ApprovalBody,
  },
} as const

/** What an answer says of a change that is above a threshold and was made all the same. */
export const Advice = z
  .object({ reasons: z.array(z.enum(APPROVAL_REASONS)), detail: z.string() })
  .openapi('Advice', {
    description: 'The change is made; where APPROVALS says `advise`, this is why somebody should look at it.',
  })
