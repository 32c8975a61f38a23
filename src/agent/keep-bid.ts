import { type Answer, problemAnswer } from '../api/index.ts'
import { RecordsUnavailable } from '../records/index.ts'
import type { Agent } from './agent.ts'
import { recordsError, unrecorded } from './bid-refusal.ts'
import type { Deferred } from './deferred.ts'
import type { Claim } from './idempotency.ts'
import type { BidResult } from './place-bid.ts'

/**
 * Records what came of a bid, with the answer to its idempotency key, and returns the answer once both are kept. Where they
 * cannot be: a bid that was sent is answered as one whose outcome is unknown, which is what a restart would find of it; of
 * any other nothing was done, and it is refused by throwing.
 */
export async function keepBid(
  agent: Agent,
  deferred: Deferred,
  { record }: BidResult,
  answer: Answer,
  claim: Claim | undefined,
): Promise<Answer> {
  try {
    await agent.decisions.keep(record, claim?.answered(answer))
    return answer
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) throw error
    if (agent.decisions.isIntended(record)) return problemAnswer(unrecorded(record.bidId, error))
    deferred.drop(record)
    throw recordsError(error)
  }
}
