import { z } from '@hono/zod-openapi'
import { ok, ReasonInput, type Route, readJson, reasonOf, WRONG_BODY } from '../../api/index.ts'
import { EventIdText, EventNameText } from '../canonical-event.ts'
import { CONVERSION_PLATFORMS } from '../conversions.ts'
import { replay } from '../outbox/index.ts'
import type { Conversions } from '../parts.ts'

/** The most deliveries of one replay. */
const MAX_REPLAYED = 1_000

const Replay = z
  .strictObject({
    event_ids: z.array(EventIdText).min(1).max(MAX_REPLAYED).optional(),
    event_name: EventNameText.optional(),
    platform: z.enum(CONVERSION_PLATFORMS).optional(),
    all: z.boolean().default(false).openapi({
      description: 'Wanted where nothing is named: all dead letters, at one platform or at all.',
    }),
    limit: z.int().min(1).max(MAX_REPLAYED).default(MAX_REPLAYED).openapi({
      description: 'Most dead letters that are looked at, the oldest first.',
    }),
    dry_run: z.boolean().default(false).openapi({
      description: 'Says what would be sent again and what not, and sends nothing.',
    }),
    reason: ReasonInput.shape.reason,
  })
  // A body without a filter is more often a mistake than intended, and what it sends cannot be taken back.
  .refine(
    ({ all, event_ids: ids, platform, event_name: name }) => all || (ids ?? platform ?? name) !== undefined,
    {
      path: ['all'],
      message: 'must be true where neither event_ids, platform nor event_name is given',
    },
  )
  .refine(({ all, event_ids }) => !(all && event_ids), {
    path: ['all'],
    message: 'must not be beside event_ids',
  })
  .openapi('ConversionReplay')

const Name = z.object({ event_id: z.string(), event_name: z.string(), platform: z.string() })
const Result = z
  .object({
    replayed: z.array(Name),
    refused: z.array(
      z.object({
        event_id: z.string(),
        event_name: z.string().nullable(),
        platform: z.string().nullable(),
        code: z.string(),
        reason: z.string(),
      }),
    ),
  })
  .openapi('ConversionReplayResult')

/** The most events that an audit entry lists by name; of the others it gives the number. */
const MAX_NAMED = 3

/** The subject of a replay for the audit: the listed events, a platform, or all. */
function targetOf({
  event_ids: ids,
  platform,
}: Pick<z.output<typeof Replay>, 'event_ids' | 'platform'>): string {
  if (ids === undefined) return platform ?? 'all'
  const others = ids.length - MAX_NAMED
  return ids.slice(0, MAX_NAMED).join(', ') + (others > 0 ? ` and ${others} more` : '')
}

/** The route that sends dead letters again. */
export const replayRoutes = (conversions: Conversions): Route[] => [
  {
    method: 'post',
    path: '/api/v1/conversions/dead-letters/replay',
    summary:
      'Send dead letters again, but for what a platform would refuse or count twice; says which and why',
    scope: 'convert',
    body: Replay,
    example: { platform: 'meta', reason: 'the mapping is mended' },
    answers: { 200: { description: 'What is sent again, and what is not', schema: Result } },
    refusals: [...WRONG_BODY, 'records_unavailable'],
    async handle(c, caller) {
      const { reason, ...wish } = await readJson(c, Replay)
      if (wish.dry_run) return ok(await replay(conversions, caller.org, wish))
      const change = {
        action: 'conversions.replayed',
        target: targetOf(wish),
        reason: reasonOf(c, reason),
        lowersRisk: false,
      } as const
      const done = await conversions.audit.record(
        caller,
        change,
        () => replay(conversions, caller.org, wish),
        ({ replayed, refused }) => ({ replayed: replayed.length, refused: refused.length }),
      )
      conversions.deliveries.nudge()
      return ok(done)
    },
  },
]
