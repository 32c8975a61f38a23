import { z } from '@hono/zod-openapi'
import { type Micros, MoneyError, parseMoney } from '../money.ts'

/** For zod: reads an amount in currency units exactly into micros, or notes what is wrong with it. */
export function readMoney(units: number | string, ctx: z.RefinementCtx): Micros {
  try {
    return parseMoney(units)
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error
    ctx.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
}
