import { z } from 'zod'
import type { HoldMode } from '../../protocol/hold-mode.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import type { BillReply, SyncReply } from '../../protocol/store.ts'

const number = z.string().transform(Number)
const limits = z.string().transform((text): LimitSpec[] => JSON.parse(text))
/** Strict if empty, or missing as in answers of earlier versions. */
const holdMode = z
  .string()
  .default('')
  .transform((text): HoldMode | undefined => (text === '' ? undefined : JSON.parse(text)))

const standing = z
  .object({
    available: number,
    reliefInMs: number,
    specs: limits,
    counted: z.array(z.tuple([number, number])).default([]),
    elsewhere: number,
    forfeited: number,
    bookedInMs: number.optional(),
    spentEver: number,
    overdraftEver: number,
  })
  .transform(({ specs, counted, forfeited, bookedInMs, ...rest }) => ({
    ...rest,
    limits: specs.map((spec, i) => {
      const [spent, nextReliefMs] = counted[i] ?? [0, Number.POSITIVE_INFINITY]
      return { spec, spent, nextReliefMs }
    }),
    forfeited: { amount: forfeited, bookedInMs },
  }))

const unknownScope = z.object({ is: z.literal('unknown_scope') })
const stale = z.object({ is: z.literal('stale') })
const fenced = z.object({ is: z.literal('fenced'), detail: z.string(), retryAfterMs: number })
/** The request was not applied, since it did not contain the midnights of this time zone. */
const needsDay = z.object({ is: z.literal('needs_day'), timezone: z.string() })
const granted = z
  .object({
    is: z.literal('granted'),
    granted: number,
    leaseForMs: number,
    bookedAtMs: number,
    overdraft: number,
    withheld: z.object({ detail: z.string(), retryAfterMs: number }).optional(),
    standing,
  })
  .transform(({ withheld, ...reply }) => (withheld ? { ...reply, withheld } : reply))
const forfeited = z.object({ is: z.literal('forfeited'), bookedAtMs: number, overdraft: number })
const booked = z.object({ is: z.literal('booked'), amount: number, overdraft: number })

/** Answers of `redis-account.lua`. */
const answers = z.union([
  granted,
  forfeited,
  booked,
  stale,
  unknownScope,
  fenced,
  needsDay,
  z.object({ is: z.enum(['already', 'alive', 'done']) }),
  z.object({
    is: z.literal('defined'),
    currency: z.string(),
    limits,
    by: z.enum(['configuration', 'operator']),
    holdMode,
  }),
])
export type AccountReply = z.output<typeof answers>
export const readReply = (answer: unknown): AccountReply => answers.parse(answer)

export function asSyncReply(reply: AccountReply): SyncReply {
  switch (reply.is) {
    case 'granted':
    case 'forfeited':
    case 'stale':
    case 'unknown_scope':
    case 'fenced':
      return reply
    default:
      throw new Error(`Redis answered a line with ${reply.is}`)
  }
}

export function asBillReply(reply: AccountReply): BillReply {
  switch (reply.is) {
    case 'booked':
    case 'unknown_scope':
      return reply
    case 'already':
    case 'alive':
      return { is: reply.is }
    default:
      throw new Error(`Redis answered a bill with ${reply.is}`)
  }
}

const controlAnswer = z.object({
  version: number,
  replid: z.string(),
  timeMs: number,
  isReady: z.boolean(),
  movedMs: number,
  fences: number,
  owners: z.array(z.string()).default([]),
  /** The owners among them that Redis has heard from within a lease. */
  living: z.array(z.string()).default([]),
  /** Names and values: `fields` are all of them, `changes` only those since the version in the request. */
  fields: z.array(z.string()).optional(),
  changes: z.array(z.string()).optional(),
})
/** Answers of `redis-control.lua`. */
export type ControlReply = z.output<typeof controlAnswer>
export const readControlReply = (answer: unknown): ControlReply => controlAnswer.parse(answer)
