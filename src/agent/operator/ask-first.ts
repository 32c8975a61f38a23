import type { z } from '@hono/zod-openapi'
import type { ApiAnswer, Caller } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import type { ApprovalKind } from '../../metrics/metrics.ts'
import { RecordsUnavailable } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import type { RiskyChange } from '../approvals/index.ts'
import { scopesAbove } from '../scopes.ts'
import { type Advice, pendingAnswer } from './approval-body.ts'

/** A change that lets more be spent. */
interface RiskyCall {
  readonly kind: ApprovalKind
  readonly scope: string
  readonly change: RiskyChange
  /** What it was and what it is to be, in units. */
  readonly values: { readonly from?: unknown; readonly to?: unknown }
  readonly reason: string | undefined
  /** What is needed to make it later; JSON. */
  readonly work: unknown
}

export type AskedFirst =
  /** Nothing may be changed now; the caller is answered with this. */
  | { readonly is: 'pending'; readonly answer: ApiAnswer }
  /** It may be made, and its answer carries the advice. */
  | { readonly is: 'allowed'; readonly advice?: z.output<typeof Advice> }

/**
 * Asks for an approval where the rules say so, else notes what they say.
 * @throws AppError `too_many_approvals`, and `records_unavailable`
 */
export async function askFirst(agent: Agent, caller: Caller, wanted: RiskyCall): Promise<AskedFirst> {
  const { approvals } = agent
  const { kind, scope, change, values, reason, work } = wanted
  const finding = approvals.rules.areSet ? approvals.rules.ofChange(scopesAbove(scope), change) : undefined
  if (!finding) return { is: 'allowed' }
  const asked = { kind, scope, finding, reason, work, ...values }
  if (finding.mode === 'enforce') {
    const { approval, entries } = await approvals.ask(caller, asked)
    try {
      if (entries.length > 0) await agent.records.append(entries)
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error
      await approvals.withdraw(approval)
      throw new AppError('records_unavailable', `Approvals cannot be kept now: ${error.message}`, 'later')
    }
    return { is: 'pending', answer: pendingAnswer(approval, caller.boundTo) }
  }
  await approvals.note(caller, asked)
  if (finding.mode === 'audit') return { is: 'allowed' }
  const detail = `Above a threshold of this budget or of one above it: ${finding.reasons.join(', ')}`
  return { is: 'allowed', advice: { reasons: [...finding.reasons], detail } }
}
