import { z } from 'zod'
import type { HttpRequest } from '../../http/http.ts'
import type { Caveats } from '../platform/caveats.ts'
import type { Row } from '../platform/rows.ts'
import { ask, type Talk } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import { TRADE_DESK_READS } from './api.ts'

/** Bucket of all calls that only read. */
export const CALLS = 'calls'

const Page = z.object({ Result: z.array(z.unknown()) })
/** Most pages of one list, 100,000 entities; a longer list is taken for endless. */
const MAX_PAGES = 1_000

/**
 * Passes each page of a list to `take` and yields its rows, until a short page. Totals are not used, because they have
 * had several names.
 */
export function* eachPage(
  requestOf: (start: number) => HttpRequest,
  take: (page: readonly unknown[]) => readonly Row[],
  { bucket = CALLS, caveats }: { readonly bucket?: string; readonly caveats?: Caveats } = {},
): Talk<void> {
  const pages = new Pages(caveats)
  for (let page = 0; page < MAX_PAGES; page++) {
    const { Result } = Page.parse(yield* ask(requestOf(page * TRADE_DESK_READS.pageSize), bucket))
    const rows = take(Result)
    if (rows.length > 0) yield { is: 'rows', rows }
    if (Result.length < TRADE_DESK_READS.pageSize || !pages.goOn(Result)) return
  }
  throw new Error('a list that does not end')
}

/** Reads a whole short list. */
export function* listed<T>(
  requestOf: (start: number) => HttpRequest,
  Item: z.ZodType<T>,
): Talk<readonly T[]> {
  const all: T[] = []
  yield* eachPage(requestOf, (page) => {
    all.push(...page.map((item) => Item.parse(item)))
    return []
  })
  return all
}
