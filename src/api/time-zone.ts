import { z } from '@hono/zod-openapi'
import { isTimeZone } from '../time-zone.ts'

/** A time zone wherever a caller names one. */
export const TimeZone = z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin').openapi({
  type: 'string',
  description: 'An IANA name, old or new, or an offset such as +05:30.',
  example: 'Europe/Berlin',
})
