import { z } from '@hono/zod-openapi'
import { type Authorize, type Ctx, check, requireOperator, TimeMs } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { exportJournal, type JournalReader, StoreUnavailable } from '../../shield/index.ts'

const Query = z.object({
  scope: z.string().max(200).optional(),
  from: TimeMs.optional(),
  to: TimeMs.optional(),
})

/** Rate-limit cost of reading the ledger, in calls: it takes at least as much work as some hundred bids. */
const LEDGER_COST = 100

/**
 * Checks that the ledger can be read.
 * @throws AppError when it cannot; once an answer has begun it could only be broken off
 */
async function readable(journal: JournalReader): Promise<void> {
  try {
    await journal.range()
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    const detail = `The ledger cannot be read now: ${error.message}`
    throw new AppError('budget_store_unavailable', detail, { afterMs: RETRY_MS })
  }
}

/** `Retry-After` while the ledger is unavailable, in milliseconds: it is opened anew about this often. */
const RETRY_MS = 1_000

/**
 * Answers `GET /v1/ledger?scope=&from=&to=`: each entry as one line of JSON with its hash, streamed as it is read.
 * @param journal undefined where budgets are not kept in a journal; the answer is then 404
 */
export function ledgerHandler(
  journal: JournalReader | undefined,
  authorize: Authorize,
): (c: Ctx) => Promise<Response> {
  return async (c) => {
    const caller = authorize(c.env.incoming, 'read')
    requireOperator(caller)
    caller.charge(LEDGER_COST)
    const { scope, from: fromMs, to: toMs } = check(Query, c.req.query())
    if (!journal) throw new AppError('not_found', 'Budgets are not kept in a ledger on the disk here')
    await readable(journal)
    const lines = exportJournal(journal, { scope, fromMs, toMs })
    const bytes = ReadableStream.from(lines).pipeThrough(new TextEncoderStream())
    return c.body(bytes, 200, { 'content-type': 'application/x-ndjson' })
  }
}
