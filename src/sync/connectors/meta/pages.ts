import { z } from 'zod'
import type { HttpRequest } from '../../../http.ts'
import { type ReadTalk, type Row, TalkRefused } from '../read-connector.ts'
import type { PageOf } from './requests.ts'

const Page = z.object({
  data: z.array(z.unknown()),
  paging: z
    .object({ next: z.string().optional(), cursors: z.object({ after: z.string().optional() }).optional() })
    .optional(),
})
/** A list that is longer never ends. */
const MAX_PAGES = 10_000
/** Pages get shorter by this factor, twice, when Meta says that one is too much. */
const SHRINK = 5
const MIN_SHARE = SHRINK * SHRINK

/** Refused because a page, or the whole question, is too much for them, and not for good. */
const TOO_MUCH = /^code (?:100\/1504018|2\/1504038)\b|reduce the amount of data/i
export const isTooMuch = (detail: string): boolean => TOO_MUCH.test(detail)

export type Listed = 'whole' | 'too_much'

/**
 * Hands every page of a list on, and yields the rows it becomes. A last page still has cursors: only `next` says that there is more, and a page may be
 * empty and have one. Its address is not followed, it is foreign input and may carry a token.
 */
export function* eachPage(
  requestOf: (page: PageOf) => HttpRequest,
  bucket: string,
  limit: number,
  take: (page: readonly unknown[]) => readonly Row[],
): ReadTalk<Listed> {
  let size = limit
  let after: string | undefined
  for (let pages = 0; pages < MAX_PAGES; ) {
    const reply = yield { is: 'ask', request: requestOf({ limit: size, after }), bucket, mayRefuse: true }
    if (reply?.is !== 'ok') {
      const detail = reply?.detail ?? ''
      if (!isTooMuch(detail)) throw new TalkRefused(detail)
      if (size * MIN_SHARE <= limit) return 'too_much'
      size = Math.max(1, Math.floor(size / SHRINK))
      continue
    }
    const { data, paging } = Page.parse(reply.body)
    const rows = take(data)
    if (rows.length > 0) yield { is: 'rows', rows }
    if (paging?.next === undefined) return 'whole'
    const next = paging.cursors?.after
    if (next === undefined || next === after) throw new Error('there is more to read, but not where')
    after = next
    pages += 1
  }
  throw new Error('a list that does not end')
}
