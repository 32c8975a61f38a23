import { z } from 'zod'
import type { HttpRequest } from '../../http/http.ts'
import type { Caveats } from '../platform/caveats.ts'
import type { Row } from '../platform/rows.ts'
import { type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import type { PageOf } from './requests.ts'

const Page = z.object({
  data: z.array(z.unknown()),
  // PHP writes an empty object as an empty list.
  paging: z
    .union([
      z.object({ next: z.string().nullish(), cursors: z.object({ after: z.string().nullish() }).nullish() }),
      z.tuple([]).transform(() => undefined),
    ])
    .nullish(),
})
/** Most pages of one list; a longer list is taken for endless. */
const MAX_PAGES = 10_000
/** Divisor of the page size when Meta refuses a page as too large; used at most twice. */
const SHRINK = 5
const MIN_SHARE = SHRINK * SHRINK

/** Messages by which a page or the whole query is too large. */
const TOO_MUCH = /^code (?:100\/1504018|2\/1504038)\b|reduce the amount of data/i
/** Messages by which the whole query is too large, whatever the page size. */
const TOO_MANY_ROWS =
  /^code 100\/1487534\b|too many rows|\basync(?:hronous(?:ly)?)? (?:quer|job|report|request)|smaller (?:date|time) range/i
export const isTooMuch = (detail: string): boolean => TOO_MUCH.test(detail) || TOO_MANY_ROWS.test(detail)

/** Errors by which an ordered report could not be made or found. */
const FAILED_REPORT = /^code (?:-2|2601)\b/
export const isFailedReport = (detail: string): boolean => FAILED_REPORT.test(detail)

export type Listed = 'whole' | 'too_much' | 'failed'

/**
 * Throws unless a list was read whole; for lists that cannot be read in another way.
 * @param what name of the list, as part of a sentence
 */
export function checkWhole(came: Listed, what: string): void {
  if (came === 'too_much') throw new TalkRefused(`Meta cannot list ${what}: too much data`)
  if (came === 'failed') throw new TalkFailed(`Meta failed to list ${what}`)
}

/**
 * Passes each page of a list to `take` and yields its rows. Only `next` says that there is another page: the last page
 * has cursors too, and a page may be empty and have a next one. The address in `next` is not followed, because it is
 * foreign input and may contain a token.
 */
export function* eachPage(
  requestOf: (page: PageOf) => HttpRequest,
  bucket: string,
  limit: number,
  take: (page: readonly unknown[]) => readonly Row[],
  caveats?: Caveats,
): Talk<Listed> {
  const turned = new Pages(caveats)
  let size = limit
  let after: string | undefined
  for (let pages = 0; pages < MAX_PAGES; ) {
    const reply = yield { is: 'ask', request: requestOf({ limit: size, after }), bucket, mayRefuse: true }
    if (reply?.is !== 'ok') {
      const detail = reply?.detail ?? ''
      if (isFailedReport(detail)) return 'failed'
      if (!isTooMuch(detail)) throw new TalkRefused(detail)
      if (size * MIN_SHARE <= limit || TOO_MANY_ROWS.test(detail)) return 'too_much'
      size = Math.max(1, Math.floor(size / SHRINK))
      continue
    }
    const { data, paging } = Page.parse(reply.body)
    const rows = take(data)
    if (rows.length > 0) yield { is: 'rows', rows }
    if (paging?.next == null || !turned.goOn(data)) return 'whole'
    const next = paging.cursors?.after
    if (next == null || next === after) throw new Error('there is more to read, but not where')
    after = next
    pages += 1
  }
  throw new Error('a list that does not end')
}
