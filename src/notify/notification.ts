import { z } from 'zod'
import { parseJson } from '../json/json.ts'

/** `waiting`: for its first or next try. `dead`: all tries failed, or it had to make room for newer ones. */
export const NOTIFICATION_STATUSES = ['waiting', 'delivered', 'dead'] as const

/** A notification as it is recorded. Times are wall clock milliseconds. */
const Kept = z.object({
  id: z.string(),
  /** Sequence number. */
  number: z.number().int(),
  kind: z.string(),
  subject: z.string(),
  /** The CloudEvent as sent, byte for byte the same at each try. */
  body: z.string(),
  atMs: z.number(),
  status: z.enum(NOTIFICATION_STATUSES),
  /** Tries since it was new, or since an operator sent it again. */
  attempts: z.number().int(),
  /** Time of the next try; meaningless unless it is waiting. */
  nextMs: z.number(),
  /** Why the latest try failed. */
  error: z.string().optional(),
})
export type Notification = z.output<typeof Kept>

/** Reads a recorded notification; undefined for one that this version cannot read. */
export function readKept(text: string): Notification | undefined {
  const kept = Kept.safeParse(parseJson(text))
  return kept.success ? kept.data : undefined
}
