import { z } from '@hono/zod-openapi'
import { isTimeZone } from '../time/time-zone.ts'

/** Schema of a time zone, for every field in which a caller names one. */
export const TimeZone = z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin').openapi({
  type: 'string',
  description: 'An IANA name, old or new, or an offset such as +05:30.',
  example: 'Europe/Berlin',
})
