import { z } from '@hono/zod-openapi'

/** Number of entries checked at a time; the check ends after the first group with a wrong one. */
const AT_ONCE = 50

/**
 * As `z.array(entry).min(least).max(most)`, but reports only the first wrong entry: ten thousand issues would block the
 * event loop for a tenth of a second.
 */
export function listOf<S extends z.ZodType>(entry: S, most: number, least = 0) {
  const some = z.array(entry)
  return z.preprocess((values, ctx) => {
    if (!Array.isArray(values) || values.length > most) return values
    for (let from = 0; from < values.length; from += AT_ONCE) {
      const [issue] = some.safeParse(values.slice(from, from + AT_ONCE)).error?.issues ?? []
      if (!issue) continue
      const [at, ...within] = issue.path
      ctx.addIssue({ ...issue, path: [from + Number(at), ...within] })
      return z.NEVER
    }
    return values
  }, some.min(least).max(most))
}
