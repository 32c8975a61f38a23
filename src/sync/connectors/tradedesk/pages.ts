import { z } from 'zod'
import type { HttpRequest } from '../../../http.ts'
import { TRADE_DESK_READS } from '../../../platforms/index.ts'
import { ask, type ReadTalk, type Row } from '../read-connector.ts'

/** For everything that only reads. */
export const CALLS = 'calls'

const Page = z.object({ Result: z.array(z.unknown()) })
/** More than a hundred thousand entities are a list that never ends. */
const MAX_PAGES = 1_000

/** Hands every page of a list on and yields the rows it becomes, until one is short: their totals have had several names. */
export function* eachPage(
  requestOf: (start: number) => HttpRequest,
  take: (page: readonly unknown[]) => readonly Row[],
  bucket = CALLS,
): ReadTalk<void> {
  for (let page = 0; page < MAX_PAGES; page++) {
    const { Result } = Page.parse(yield* ask(requestOf(page * TRADE_DESK_READS.pageSize), bucket))
    const rows = take(Result)
    if (rows.length > 0) yield { is: 'rows', rows }
    if (Result.length < TRADE_DESK_READS.pageSize) return
  }
  throw new Error('a list that does not end')
}

/** A whole list that is known to be short. */
export function* listed<T>(
  requestOf: (start: number) => HttpRequest,
  Item: z.ZodType<T>,
): ReadTalk<readonly T[]> {
  const all: T[] = []
  yield* eachPage(requestOf, (page) => {
    all.push(...page.map((item) => Item.parse(item)))
    return []
  })
  return all
}
