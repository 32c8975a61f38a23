import { z } from 'zod'
import { KeptLimit } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import type { Scope } from '../../shield/index.ts'
import type { Agent } from '../agent.ts'
import type { Approval, ApprovalHandler } from '../approvals/index.ts'
import { revisionOf } from './budget-body.ts'
import { pauseValue, removeBudgetOf, resumeOf, setLimitsOf } from './budgets.ts'
import { switchBody, switchTo } from './kill-switch.ts'

const HoldMode = z.discriminatedUnion('is', [
  z.object({ is: z.literal('strict') }),
  z.object({ is: z.literal('bounded'), maxOverspendProbability: z.number() }),
])
/** What is kept of each change, with what it was asked of: nothing else is ever replaced by it. */
const SetLimits = z.object({
  next: z.object({ currency: z.string(), limits: z.array(KeptLimit), holdMode: HoldMode }),
  before: z.string().nullable(),
})
const Remove = z.object({ before: z.string(), pause: z.unknown() })
const Resume = z.object({ pause: z.unknown() })
const Release = z.object({ now: z.unknown() })

/** Makes the changes of budgets and of the kill switch that were approved. */
export function approveChanges(agent: Agent): void {
  const { approvals, budget } = agent
  const done = { isApplied: true } as const
  const handle = (kind: Approval['kind'], apply: (approval: Approval) => Promise<void>) => {
    const handler: ApprovalHandler = { apply: (approval) => apply(approval).then(() => done) }
    approvals.handle(kind, handler)
  }
  handle('limits', async (approval) => {
    const { next, before } = SetLimits.parse(approval.work)
    const { scope: name, reason } = approval
    const now = budget.scope(name)
    requireSame(now ? revisionOf(now) : null, before)
    requireRoom(agent, now)
    await setLimitsOf(agent, whoAsked(approval), {
      name,
      next,
      lowersRisk: false,
      seen: before ?? undefined,
      reason,
    })
  })
  handle('budget_removal', async (approval) => {
    const { before, pause } = Remove.parse(approval.work)
    const scope = scopeOf(agent, approval)
    requireSame([revisionOf(scope), pauseValue(scope)], [before, pause])
    await removeBudgetOf(agent, whoAsked(approval), scope, approval.reason)
  })
  handle('resume', async (approval) => {
    const scope = scopeOf(agent, approval)
    requireSame(pauseValue(scope), Resume.parse(approval.work).pause)
    await resumeOf(agent, whoAsked(approval), scope, approval.reason)
  })
  handle('kill_switch_release', async (approval) => {
    requireSame(switchBody(budget.killSwitch), Release.parse(approval.work).now)
    const change = { engaged: false, pauseCampaigns: false, reason: approval.reason }
    await switchTo(agent, whoAsked(approval), change)
  })
}

/** As the change is recorded: who wanted it. Who approved it is a change of its own. */
const whoAsked = ({ askedBy, boundTo, org }: Approval) => ({
  name: boundTo === undefined ? askedBy : askedBy.slice(0, askedBy.lastIndexOf('@')),
  org,
})

function scopeOf({ budget }: Agent, { scope: name }: Approval): Scope {
  const scope = budget.scope(name)
  if (scope) return scope
  throw new AppError('not_found', `There is no budget ${name} any more`)
}

/** Throws 409 where it is not any more what the change was asked of, as after another pause or a lower limit. */
function requireSame(now: unknown, asked: unknown): void {
  if (JSON.stringify(now) === JSON.stringify(asked)) return
  throw new AppError('changed_meanwhile', 'It has changed since this was asked for: ask again')
}

/** Throws 400 where there are as many budgets as allowed by now. */
function requireRoom({ budget, tables }: Agent, now: Scope | undefined): void {
  if (now || budget.scopeCount < tables.limits.budgets) return
  throw new AppError('invalid_request', 'There are as many budgets by now as TABLE_LIMITS lets there be')
}
