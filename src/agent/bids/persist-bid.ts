import { type ApiAnswer, problemAnswer } from '../../api/index.ts'
import { RecordsUnavailable } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import type { Deferred } from './deferred.ts'
import type { Claim } from './idempotency.ts'
import type { BidResult } from './place-bid.ts'
import { recordsError, unrecorded } from './refusal.ts'

/**
 * Records the result of a bid together with the answer of its idempotency key, and returns the answer once both are
 * stored. When they cannot be stored: a bid that was sent is answered with an unknown outcome, which is what a restart
 * would find; for every other bid a refusal is thrown, since nothing was done.
 */
export async function keepBid(
  agent: Agent,
  deferred: Deferred,
  { record, asked }: BidResult,
  answer: ApiAnswer,
  claim: Claim | undefined,
): Promise<ApiAnswer> {
  try {
    await agent.decisions.keep(record, [...(claim?.answered(answer) ?? []), ...(asked?.entries ?? [])])
    return answer
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) throw error
    if (agent.decisions.isIntended(record)) return problemAnswer(unrecorded(record.bidId, error))
    deferred.drop(record)
    if (asked) await agent.approvals.withdraw(asked.approval)
    throw recordsError(error)
  }
}
