import { z } from 'zod'
import { bodyOf } from '../../api/index.ts'
import { CanonicalEvent } from '../../conversions/index.ts'
import { AppError } from '../../errors.ts'
import { otherText, type Tool, tool } from '../tool.ts'

/** The most events of one call: their previews must fit into a result. */
const MOST_EVENTS = 25
/** The longest request body that a preview shows, in characters. */
const MAX_BODY_CHARS = 1_000

/** An event. The route checks each one separately, so that an invalid one does not refuse the others. */
const Event = z.looseObject({}).meta(z.toJSONSchema(CanonicalEvent, { io: 'input', unrepresentable: 'any' }))

const LeftOut = z.object({ field: z.string(), reason: z.string() })
const Preview = z.object({
  event_id: otherText('As the caller named it').nullable(),
  platform: z.string().nullable(),
  url: z.string().optional(),
  body: otherText('What the platform would get, with persons hashed', MAX_BODY_CHARS).optional(),
  refused: LeftOut.optional().describe('Why it would not be sent'),
  left_out: z.array(LeftOut).optional().describe('What was said about the person and is not certain'),
})
const Sent = z.object({
  event_id: otherText('As the caller named it').nullable(),
  status: z.enum(['accepted', 'duplicate', 'rejected']),
  reason: z.string().optional(),
  field: z.string().optional(),
  refused_by: z.array(LeftOut.extend({ platform: z.string() })).optional(),
})

const sendConversions = tool({
  name: 'send_conversions',
  title: 'Send conversions',
  description:
    'Sends conversions back to the connected platforms, in two calls: the first shows what each platform would get and sends nothing; the second, with the same events and the `seal` of the first, sends them. An event that was sent before, by its `event_id` and `event_name`, is a duplicate and is not sent again.',
  scope: 'convert',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({
    events: z.array(Event).min(1).max(MOST_EVENTS),
    seal: z.string().max(1_000).optional().describe('Of the preview; left out, nothing is sent'),
  }),
  output: z.object({
    sent: z.boolean(),
    previews: z.array(Preview).optional(),
    seal: z.string().optional().describe('Sends these events, within ten minutes'),
    results: z.array(Sent).optional(),
  }),
  async run({ events, seal }, own, asking) {
    const about = { sendConversions: events }
    if (seal !== undefined) {
      if (!(await asking.isSealed(seal, about))) {
        const detail = 'seal: is not of a preview of these events, or is older than ten minutes'
        throw new AppError('invalid_request', detail, 'never', { field: 'seal' })
      }
      const answer = await bodyOf(own, {
        method: 'POST',
        path: '/api/v1/conversions/events',
        body: { events },
      })
      return { sent: true, ...z.looseObject({}).parse(answer) }
    }
    const path = '/api/v1/conversions/preview'
    const { previews } = Previews.parse(await bodyOf(own, { method: 'POST', path, body: { events } }))
    const shown = previews.map(({ request, ...rest }) => ({
      ...rest,
      ...(request && { url: request.url, body: JSON.stringify(request.body) }),
    }))
    return { sent: false, previews: shown, seal: await asking.seal(about) }
  },
})
const Previews = z.object({
  previews: z.array(z.looseObject({ request: z.object({ url: z.string(), body: z.unknown() }).optional() })),
})

export const conversionTools: readonly Tool[] = [sendConversions]
