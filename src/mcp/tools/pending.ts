import { z } from 'zod'
import { APPROVAL_REASONS } from '../../agent/index.ts'
import { otherText } from '../tool.ts'

/** What waits for the approval of another key; nothing is changed until then. */
export const PendingApproval = z
  .object({
    approvalId: z.string(),
    status: z.literal('pending_approval'),
    scope: otherText('The budget that it is about'),
    reasons: z.array(z.enum(APPROVAL_REASONS)).describe('Why it needs an approval'),
    expiresAt: z.string(),
  })
  .describe(
    'Another key has to approve it, in the console or by POST /v1/approvals/{id}; the asking key cannot',
  )

/** An answer of a route that makes a change, or says that it waits: as the member that tells of it. */
export function changedOrPending(answer: unknown, name: 'budget' | 'killSwitch'): object {
  const pending = PendingApproval.safeParse(answer)
  return pending.success ? { pendingApproval: pending.data } : { [name]: answer }
}
