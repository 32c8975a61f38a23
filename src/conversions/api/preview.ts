import { z } from '@hono/zod-openapi'
import { ok, type Route, readJson, WRONG_BODY } from '../../api/index.ts'
import { CanonicalEvent, EXAMPLE_EVENT } from '../canonical-event.ts'
import { CONVERSION_PLATFORMS } from '../conversions.ts'
import type { Conversions } from '../parts.ts'
import { previewEvents } from '../preview.ts'
import { LeftOut, MAX_EVENTS_BYTES } from './events.ts'

/** The most events of one preview. */
const MAX_PREVIEWED = 100
/** How many calls of the caller a preview counts as: it takes about as long. */
const PREVIEWS_PER_CALL = 5

const platforms = z.array(z.enum(CONVERSION_PLATFORMS)).min(1).optional()
const number = z.int().min(0).optional()
/** Each event is checked separately, as `POST /events` does. */
const Body = z.strictObject({
  events: z.array(z.unknown()).min(1).max(MAX_PREVIEWED),
  platforms,
  version: number,
  compareTo: number,
})
const PreviewInput = z
  .object({
    events: z.array(CanonicalEvent).min(1).max(MAX_PREVIEWED),
    platforms,
    version: number.openapi({ description: 'Version of the mappings; the latest where nothing is said.' }),
    compareTo: number.openapi({ description: 'Version of the mappings to compare with.' }),
  })
  .openapi('ConversionPreviewInput')

const Request = z.object({ method: z.string(), url: z.string(), body: z.unknown() })
const Preview = z
  .object({
    event_id: z.string().nullable(),
    platform: z.string().nullable(),
    request: Request.optional(),
    refused: z.object({ field: z.string(), reason: z.string() }).optional(),
    left_out: LeftOut.array().optional(),
    differences: z
      .array(z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() }))
      .optional()
      .openapi({
        description:
          'From the version of `compareTo` to the other one: places in the body, and `url`; where one of them would not be sent, `refused` and `request`.',
      }),
  })
  .openapi('ConversionPreview')

/** The route that shows the requests that events would lead to. */
export const previewRoutes = (conversions: Conversions): Route[] => [
  {
    method: 'post',
    path: '/api/v1/conversions/preview',
    summary: 'The exact body for each platform; nothing is sent and nothing is stored',
    scope: 'convert',
    body: PreviewInput,
    example: { events: [EXAMPLE_EVENT], platforms: ['meta'] },
    answers: {
      200: {
        description: 'One for each event and platform, with tokens masked',
        schema: z.object({ previews: z.array(Preview) }),
      },
    },
    refusals: [...WRONG_BODY, 'not_found'],
    async handle(c, { org, charge }) {
      const { events, platforms, version, compareTo } = await readJson(c, Body, MAX_EVENTS_BYTES)
      charge(Math.floor(events.length / PREVIEWS_PER_CALL))
      const wish = { values: events, platforms, version, compareTo }
      return ok({ previews: await previewEvents(conversions, org, wish) })
    },
  },
]
