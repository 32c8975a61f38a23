import { z } from '@hono/zod-openapi'

/** A time, as in 2026-11-01T00:00:00Z or with an offset; becomes milliseconds since the epoch. */
export const TimeMs = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time' })
