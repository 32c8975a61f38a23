import { z } from '@hono/zod-openapi'

/** A whole number in a query, where it is text. Whatever is wrong with a value, the error gives the whole range. */
export function wholeNumber(least: number, most?: number) {
  const error =
    most === undefined
      ? `must be a whole number of at least ${least}`
      : `must be a whole number from ${least} to ${most}`
  const number = z.coerce.number({ error }).int({ error }).min(least, { error })
  return most === undefined ? number : number.max(most, { error })
}
