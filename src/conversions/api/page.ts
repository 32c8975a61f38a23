import { z } from '@hono/zod-openapi'

/** Query of a list that comes in pages, newest first. */
export const Page = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .openapi({ description: 'Most entries of the page.' }),
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .openapi({ description: '`next_before` of the page before.' }),
}
