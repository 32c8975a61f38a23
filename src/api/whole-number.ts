import { z } from '@hono/zod-openapi'

/** A whole number of a query, which is text there. What does not fit is told the whole range, whatever is wrong with it. */
export function wholeNumber(least: number, most?: number) {
  const error =
    most === undefined
      ? `must be a whole number of at least ${least}`
      : `must be a whole number from ${least} to ${most}`
  const number = z.coerce.number({ error }).int({ error }).min(least, { error })
  return most === undefined ? number : number.max(most, { error })
}
