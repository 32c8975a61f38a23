import { z } from '@hono/zod-openapi'
import { type Authorize, type Ctx, check } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { exportJournal, type JournalReader } from '../shield/index.ts'

const Query = z.object({
  scope: z.string().max(200).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
})

const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))

/**
 * `GET /v1/ledger?scope=&from=&to=`: every entry as a line of JSON with its hash, streamed as it is read.
 *
 * @param journal undefined where budgets are not kept in a journal: 404
 */
export function ledgerHandler(
  journal: JournalReader | undefined,
  authorize: Authorize,
): (c: Ctx) => Response {
  return (c) => {
    authorize(c.env.incoming, 'read')
    const { scope, from, to } = check(Query, c.req.query())
    if (!journal) throw new AppError('not_found', 'Budgets are not kept in a ledger on the disk here')
    const lines = exportJournal(journal, { scope, fromMs: timeOf(from), toMs: timeOf(to) })
    const bytes = ReadableStream.from(lines).pipeThrough(new TextEncoderStream())
    return c.body(bytes, 200, { 'content-type': 'application/x-ndjson' })
  }
}
