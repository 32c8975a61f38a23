import { z } from 'zod'
import { bodyOf, type OwnCall, RouteRefusal } from '../../api/index.ts'
import { type Tool, tool } from '../tool.ts'
import { BudgetNow, budgetPath, ScopeName } from './budgets.ts'
import { changedOrPending, PendingApproval } from './pending.ts'
import { Reason, SwitchNow } from './stops.ts'

/** Hints of a tool that allows more spending. */
const RAISES = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false }

/** The name of the kill switch as an argument of `resume`; it is no budget. */
const KILL_SWITCH = 'kill_switch'
const KILL_SWITCH_PATH = '/v1/kill-switch'

/** The longest reason that a question repeats, in characters. */
const MAX_ASKED_CHARS = 200
/** A text of others within a question: in quotes, so that it cannot be taken for the question itself. */
const quoted = (text: string | undefined): string =>
  text === undefined
    ? 'nobody said why'
    : `the reason given was ${JSON.stringify(text.slice(0, MAX_ASKED_CHARS))}`

const resume = tool({
  name: 'resume',
  title: 'Resume a budget',
  description:
    'Takes bids again on a budget that is paused, or releases the kill switch. It lets money be spent, so the person behind the client is asked before it is done. Where the service wants an approval, it waits until another key gives it (`pendingApproval`).',
  scope: 'operate',
  annotations: RAISES,
  input: z.strictObject({
    scope: ScopeName.describe(`Name of the budget, or \`${KILL_SWITCH}\` to release the kill switch`),
    reason: Reason,
  }),
  output: z.object({
    budget: BudgetNow.optional(),
    killSwitch: SwitchNow.optional(),
    pendingApproval: PendingApproval.optional(),
  }),
  async run({ scope, reason }, own, asking) {
    if (scope === KILL_SWITCH) {
      const now = SwitchNow.parse(await bodyOf(own, { method: 'GET', path: KILL_SWITCH_PATH }))
      if (!now.engaged) return { killSwitch: now }
      const message = `Release the kill switch, so that bids are placed again? It was engaged at ${now.since}, and ${quoted(now.reason)}.`
      const question = await asking.agreed(message, { resume: scope, now })
      if (question) return question
      const body = { engaged: false, reason }
      const answer = await bodyOf(own, { method: 'POST', path: KILL_SWITCH_PATH, body })
      return changedOrPending(answer, 'killSwitch')
    }
    const path = budgetPath(scope)
    const budget = BudgetNow.parse(await bodyOf(own, { method: 'GET', path }))
    if (!budget.paused) return { budget }
    const { pauseReason } = budget
    const message = `Take bids on the budget ${scope} again? It is paused, and ${quoted(pauseReason)}.`
    const question = await asking.agreed(message, { resume: scope, pauseReason })
    if (question) return question
    const answer = await bodyOf(own, { method: 'POST', path: `${path}/resume`, body: { reason } })
    return changedOrPending(answer, 'budget')
  },
})

const Window = {
  sliding: z.strictObject({ kind: z.literal('sliding'), windowSeconds: z.int().min(1) }),
  day: z.strictObject({
    kind: z.literal('day'),
    timezone: z
      .string()
      .regex(/^[\w/+:-]{1,64}$/, 'must be a time zone')
      .describe('IANA name, as in Europe/Berlin'),
  }),
  lifetime: z.strictObject({ kind: z.literal('lifetime') }),
}
const LimitWindow = z
  .discriminatedUnion('kind', [Window.sliding, Window.day, Window.lifetime])
  .describe('Which limit: over the last so many seconds, over a day of a time zone, or for ever')

/** The fields of a budget that changing one limit needs. */
const BudgetToChange = z.looseObject({
  currency: z.string(),
  revision: z.string(),
  holdMode: z.looseObject({ is: z.string() }),
  limits: z.array(
    z.object({
      kind: z.enum(['sliding', 'day', 'lifetime']),
      windowSeconds: z.number().optional(),
      timezone: z.string().optional(),
      max: z.number(),
    }),
  ),
})
type BudgetToChange = z.output<typeof BudgetToChange>

const setLimit = tool({
  name: 'set_limit',
  title: 'Set a limit of a budget',
  description:
    'Sets one limit of a budget and keeps the others. Lowering it, and adding one to a budget that there is, is done at once. Raising it, or making a budget, lets more be spent: the person behind the client is asked before it is done. Where the service wants an approval, it waits until another key gives it (`pendingApproval`).',
  scope: 'operate',
  annotations: RAISES,
  input: z.strictObject({
    scope: ScopeName,
    window: LimitWindow,
    max: z.number().min(0).describe('Most that may be spent in it, in units of the currency of the budget'),
    reason: Reason,
  }),
  output: z.object({ budget: BudgetNow.optional(), pendingApproval: PendingApproval.optional() }),
  async run({ scope, window, max, reason }, own, asking) {
    const path = budgetPath(scope)
    const budget = await presentBudget(own, path)
    const limits = budget?.limits ?? []
    const present = limits.find((limit) => hasWindow(limit, window))
    if (!budget || (present && max > present.max)) {
      const from = present ? `from ${present.max} to ${max} ${budget?.currency}` : `to ${max}`
      const what = `the limit ${shownWindow(window)} of the budget ${scope}`
      const message = budget ? `Raise ${what} ${from}?` : `Make a budget: set ${what} ${from}?`
      const about = { set: scope, window, max, revision: budget?.revision }
      const question = await asking.agreed(message, about)
      if (question) return question
    }
    const body = {
      limits: [...limits.filter((limit) => !hasWindow(limit, window)), { ...window, max }],
      ...(budget && { holdMode: budget.holdMode, revision: budget.revision }),
      reason,
    }
    return changedOrPending(await bodyOf(own, { method: 'PUT', path, body }), 'budget')
  },
})

/** The budget as it is now; undefined if there is none. */
async function presentBudget(own: OwnCall, path: string): Promise<BudgetToChange | undefined> {
  try {
    return BudgetToChange.parse(await bodyOf(own, { method: 'GET', path }))
  } catch (error) {
    if (error instanceof RouteRefusal && error.problem.code === 'not_found') return undefined
    throw error
  }
}

/** Whether a limit counts spend over this window; a budget has one limit at most for each window. */
function hasWindow(limit: BudgetToChange['limits'][number], window: z.output<typeof LimitWindow>): boolean {
  if (limit.kind !== window.kind) return false
  if (window.kind === 'sliding') return limit.windowSeconds === window.windowSeconds
  return window.kind !== 'day' || limit.timezone === window.timezone
}

function shownWindow(window: z.output<typeof LimitWindow>): string {
  if (window.kind === 'sliding') return `over ${window.windowSeconds} s`
  return window.kind === 'day' ? `of a day (${window.timezone})` : 'for ever'
}

export const raiseTools: readonly Tool[] = [resume, setLimit]
