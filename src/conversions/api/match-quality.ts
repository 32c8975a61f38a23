import { z } from '@hono/zod-openapi'
import { check, ok, type Route, wholeNumber } from '../../api/index.ts'
import { CONVERSION_PLATFORMS } from '../conversions.ts'
import { qualityDays } from '../match-quality.ts'
import type { Conversions } from '../parts.ts'

const DAY_MS = 86_400_000
/** The most days of one answer; each day has up to one row per platform. */
const MOST_DAYS = 400

const Query = z.object({
  days: wholeNumber(1, MOST_DAYS).default(30).openapi({ description: 'How far back, in days, with today.' }),
  platform: z.enum(CONVERSION_PLATFORMS).optional(),
})

const MatchQualityDay = z
  .object({
    date: z
      .string()
      .openapi({ description: 'The day (UTC) on which the events came.', example: '2026-11-20' }),
    platform: z.string(),
    events: z.int().openapi({ description: 'Events that were not refused before they were sent.' }),
    match_quality: z.number().openapi({
      description:
        'Mean of the estimates, from 0 to 10. An estimate of ours by the identifiers that the events had, not the figure of the platform, which sees who it finds.',
    }),
  })
  .openapi('MatchQualityDay')

/** The route that shows how well platforms can find the people of events, by our estimate. */
export const matchQualityRoutes = ({ store, clock }: Conversions): Route[] => [
  {
    method: 'get',
    path: '/api/v1/conversions/match-quality',
    summary: 'How well platforms can find the people of events, by day: an estimate',
    scope: 'read',
    query: Query,
    answers: {
      200: {
        description: 'Oldest first; a day without events is left out',
        schema: z.object({ is_estimate: z.literal(true), days: z.array(MatchQualityDay) }),
      },
    },
    refusals: ['invalid_request'],
    async handle(c, { org }) {
      const { days, platform } = check(Query, c.req.query())
      const fromMs = clock.nowMs() - (days - 1) * DAY_MS
      return ok({ is_estimate: true, days: await qualityDays(store, org, fromMs, platform) })
    },
  },
]
