import { z } from '@hono/zod-openapi'
import {
  type ApiKeys,
  type Caller,
  type Ctx,
  check,
  idShown,
  LISTED_PER_CALL,
  ok,
  okList,
  Reason,
  type Route,
  readJson,
  reasonOf,
  WRONG_BODY,
  wholeNumber,
} from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import { APPROVAL_STATUSES, type Approval, askerName } from '../approvals/index.ts'
import { ownId } from '../organisations.ts'
import { isKeyScope } from '../scopes.ts'
import { ApprovalBody, approvalBody } from './approval-body.ts'
import { approveChanges } from './approved-changes.ts'
import { requireAdminOfKey } from './budgets.ts'

/** Keys whose maker is looked at, from one key to the key that made it. */
const MAX_MAKERS = 64

const ListQuery = z.object({
  status: z.enum(APPROVAL_STATUSES).optional(),
  limit: wholeNumber(1, 1_000).default(100),
  before: z
    .string()
    .max(64)
    .optional()
    .openapi({ description: '`approvalId` of the last one of the page before: only older ones are listed.' }),
})
const Page = z.object({ approvals: z.array(ApprovalBody) })
const IdParam = z.object({ id: z.string() })

const Decision = z
  .strictObject({ decision: z.enum(['approve', 'refuse']), reason: Reason.optional() })
  .openapi('ApprovalDecision')

interface ApprovalParts extends Agent {
  readonly keys: ApiKeys
  readonly operatorOrg: number
}

/** Routes of approvals: what waits for another key, and giving or refusing it. Makes the changes that are approved. */
export function approvalRoutes(parts: ApprovalParts): Route[] {
  approveChanges(parts)
  return [listApprovals(parts), showApproval(parts), decideApproval(parts)]
}

function listApprovals({ approvals }: Agent): Route {
  return {
    method: 'get',
    path: '/v1/approvals',
    summary: 'What waits for the approval of another key, and what became of the latest, newest first',
    scope: 'read',
    query: ListQuery,
    answers: { 200: { description: 'Approvals', schema: Page } },
    refusals: ['invalid_request', 'records_unavailable'],
    async handle(c, { boundTo, charge }) {
      const { status, limit, before } = check(ListQuery, c.req.query())
      charge(limit / LISTED_PER_CALL)
      await approvals.refresh()
      const all = approvals.list(boundTo)
      const from = before === undefined ? 0 : all.findIndex(({ id }) => id === before) + 1
      if (before !== undefined && from === 0) {
        const detail = 'before: is no approval that is listed; begin again without it'
        throw new AppError('invalid_request', detail, 'never', { field: 'before' })
      }
      const page = all.slice(from).filter((one) => status === undefined || one.status === status)
      return okList('approvals', page.slice(0, limit), (one) => approvalBody(one, boundTo))
    },
  }
}

function showApproval({ approvals }: Agent): Route {
  return {
    method: 'get',
    path: '/v1/approvals/{id}',
    summary: 'One approval',
    scope: 'read',
    params: IdParam,
    answers: { 200: { description: 'The approval now', schema: ApprovalBody } },
    refusals: ['not_found', 'records_unavailable'],
    async handle(c, caller) {
      await approvals.refresh()
      return ok(approvalBody(find({ approvals }, c, caller), caller.boundTo))
    },
  }
}

function decideApproval(parts: ApprovalParts): Route {
  const { approvals, audit } = parts
  return {
    method: 'post',
    path: '/v1/approvals/{id}',
    summary:
      'Approve or refuse what another key has asked for; approved, it is checked again and done at once',
    scope: 'operate',
    params: IdParam,
    body: Decision,
    example: { decision: 'approve', reason: 'agreed with the client' },
    answers: { 200: { description: 'The approval, and what came of it', schema: ApprovalBody } },
    refusals: [...WRONG_BODY, 'not_found', 'approval_ended', 'records_unavailable'],
    async handle(c, caller) {
      const { decision, reason: said } = await readJson(c, Decision)
      const reason = reasonOf(c, said)
      await approvals.refresh()
      const approval = find(parts, c, caller)
      requireOther(parts, approval, caller)
      // A repeated decision, as after a lost answer, is answered with the result of the first.
      if (isRepeated(approval, caller, decision)) return ok(approvalBody(approval, caller.boundTo))
      const values = () => ({
        from: { status: approval.status },
        to: { approvalId: approval.id, what: approval.kind },
      })
      const about = { target: approval.scope, values, reason }
      if (decision === 'refuse') {
        const change = { ...about, action: 'approval.refused', lowersRisk: true } as const
        const refused = await audit.record(caller, change, () => approvals.refuse(approval, caller, reason))
        return ok(approvalBody(refused, caller.boundTo))
      }
      if (isKeyScope(approval.scope)) requireAdminOfKey(approval.scope, caller)
      const change = { ...about, action: 'approval.given', lowersRisk: false } as const
      const given = await audit.record(caller, change, () => {
        requireAskerStill(parts, approval)
        return approvals.give(approval, caller, reason)
      })
      return ok(approvalBody(given, caller.boundTo))
    },
  }
}

function find({ approvals }: Pick<Agent, 'approvals'>, c: Ctx, { boundTo }: Caller): Approval {
  const id = c.req.param('id') ?? ''
  const approval = approvals.get(id, boundTo)
  if (!approval) throw new AppError('not_found', `There is no approval ${idShown(id)}`)
  return approval
}

function isRepeated(approval: Approval, caller: Caller, decision: 'approve' | 'refuse'): boolean {
  if (approval.status === 'pending_approval' || approval.decidedBy !== askerName(caller)) return false
  return (approval.status === 'refused') === (decision === 'refuse')
}

/** Throws 403 for the key that has asked, and for keys that it has made: an approval needs a second person. */
function requireOther({ keys }: ApprovalParts, { askedBy }: Approval, caller: Caller): void {
  let key = keys.made.get(askerName(caller))
  const names = [askerName(caller)]
  for (let made = 0; key && made < MAX_MAKERS; made++) {
    const maker = ownId(key.madeBy, key.org)
    // An organisation's first key was made by one of the operator's.
    names.push(maker, key.madeBy)
    key = keys.made.get(maker) ?? keys.made.get(key.madeBy)
  }
  if (!names.includes(askedBy)) return
  const detail =
    askedBy === names[0]
      ? 'This key has asked for it: another one has to decide'
      : 'This key was made by the one that has asked for it: another one has to decide'
  throw new AppError('forbidden', detail)
}

/** Throws 409 where the key that has asked is not accepted any more. Whether a person still may sign in, only their provider knows. */
function requireAskerStill({ keys, operatorOrg, clock }: ApprovalParts, { askedBy }: Approval): void {
  if (askedBy.startsWith('oidc:')) return
  const made = keys.made.get(askedBy)
  const isValid =
    made !== undefined &&
    made.revokedAtMs === undefined &&
    clock.nowMs() < (made.expiresAtMs ?? Number.POSITIVE_INFINITY)
  const isOfEnvironment = keys.ofEnvironment.some(
    ({ name, org }) => ownId(name, org === operatorOrg ? undefined : org) === askedBy,
  )
  if (isValid || isOfEnvironment) return
  throw new AppError('approval_ended', 'The key that has asked for it is not accepted any more')
}
