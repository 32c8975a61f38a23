import { z } from '@hono/zod-openapi'
import type { Json } from '../../connectors/index.ts'

const JsonValue: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.string().max(4096),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(JsonValue),
    z.record(z.string(), JsonValue),
  ]),
)
/**
 * Most values in the settings of a connection, at any depth. Settings are stored with each connection and each attempt
 * to make one.
 */
const MAX_SETTING_VALUES = 1_000
/** Settings of a connection, as callers give them. */
export const Settings = z
  .preprocess(
    (value, ctx) => {
      if (valuesLeft(value, MAX_SETTING_VALUES) >= 0) return value
      ctx.addIssue(`must not have more than ${MAX_SETTING_VALUES} values`)
      return z.NEVER
    },
    z.record(z.string().max(64), JsonValue),
  )
  .openapi({ type: 'object' })

/**
 * How many more values `value` could contain without exceeding `most`. A negative result means too many; counting stops
 * there.
 */
function valuesLeft(value: unknown, most: number): number {
  let left = most - 1
  if (value === null || typeof value !== 'object') return left
  for (const one of Object.values(value)) {
    left = valuesLeft(one, left)
    if (left < 0) return left
  }
  return left
}
