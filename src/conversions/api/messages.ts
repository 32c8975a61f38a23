import { z } from '@hono/zod-openapi'
import {
  check,
  LISTED_PER_CALL,
  ok,
  type PlainRoute,
  type Route,
  readJson,
  WRONG_BODY,
} from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { MESSAGE_STATES, type Store } from '../../sync/index.ts'
import { EventIdText } from '../canonical-event.ts'
import { findMessage, MessageInput, type MessageRow, type Messenger } from '../messages/index.ts'
import { timeOf } from '../outbox/index.ts'
import { Page, pageOf } from './page.ts'

const time = (what: string) => z.string().nullable().openapi({ description: what })

const WhatsAppMessage = z
  .object({
    message_id: z.string(),
    state: z.enum(MESSAGE_STATES),
    template: z.string(),
    language: z.string(),
    platform_message_id: z.string().nullable().openapi({ description: "WhatsApp's id of it." }),
    attempts: z.int(),
    code: z.string().nullable().openapi({ description: 'Why it is in its state.' }),
    error_message: z.string().nullable(),
    created_at: z.string(),
    last_attempt_at: time('When it was sent last.'),
    next_attempt_at: time('When it is sent next; null where it is not sent again.'),
    status_at: time('When WhatsApp says that the state came to be.'),
  })
  .openapi('WhatsAppMessage')

/** Earlier versions stored times from WhatsApp unchecked. */
const isTime = (ms: number | null): boolean => ms !== null && !Number.isNaN(new Date(ms).getTime())

const shownOf = (row: MessageRow): z.output<typeof WhatsAppMessage> => ({
  message_id: row.message_id,
  state: row.state,
  template: row.template,
  language: row.language,
  platform_message_id: row.platform_id,
  attempts: row.attempts,
  code: row.code,
  error_message: row.detail,
  created_at: timeOf(row.created_ms) ?? '',
  last_attempt_at: timeOf(row.last_attempt_ms),
  next_attempt_at: row.state === 'pending' ? timeOf(row.due_ms) : null,
  status_at: isTime(row.status_ms) ? timeOf(row.status_ms) : null,
})

interface MessageRouteDeps {
  readonly store: Store
  readonly messages: Messenger
}

const MessageId = z.object({ id: EventIdText })
const MessageFilter = z.object({ ...Page, state: z.enum(MESSAGE_STATES).optional() })

/** Routes that send WhatsApp messages, and show what became of them. */
export const messageRoutes = (deps: MessageRouteDeps): Route[] => [
  sendRoute(deps),
  listRoute(deps),
  stateRoute(deps),
]

function sendRoute({ messages }: MessageRouteDeps): Route {
  const taken = WhatsAppMessage.extend({ status: z.enum(['accepted', 'duplicate']) })
  return {
    method: 'post',
    path: '/api/v1/conversions/messages',
    summary: 'Send a template message by WhatsApp, once: it is stored, then answered, then sent',
    scope: 'convert',
    body: MessageInput.openapi('WhatsAppMessageInput'),
    example: {
      message_id: 'msg-1',
      to: '+1 650 555 1212',
      template: {
        name: 'order_confirmation',
        language: 'en_US',
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Mary' },
              { type: 'text', text: '49.90 USD' },
            ],
          },
        ],
      },
      consent: { messaging: 'granted' },
    },
    answers: {
      202: { description: 'It is stored and will be sent', schema: taken },
      200: { description: 'It came before; this is what became of it', schema: taken },
    },
    refusals: [...WRONG_BODY, 'idempotency_key_reused', 'idempotency_key_in_use'],
    async handle(c, { org }) {
      const { row, isNew } = await messages.take(org, await readJson(c, MessageInput))
      const body = { status: isNew ? 'accepted' : 'duplicate', ...shownOf(row) }
      return { ...ok(body), status: isNew ? 202 : 200 }
    },
  }
}

function listRoute({ store }: MessageRouteDeps): Route {
  return {
    method: 'get',
    path: '/api/v1/conversions/messages',
    summary: 'Messages that were sent by WhatsApp, newest first',
    scope: 'read',
    query: MessageFilter,
    answers: {
      200: {
        description: 'A page',
        schema: z.object({ messages: z.array(WhatsAppMessage), next_before: z.int().nullable() }),
      },
    },
    refusals: ['invalid_request'],
    async handle(c, { org, charge }) {
      const { limit, before, state } = check(MessageFilter, c.req.query())
      charge(Math.floor(limit / LISTED_PER_CALL))
      let query = store.db
        .selectFrom('conversion_messages')
        .selectAll()
        .where('org_id', '=', org)
        .orderBy('seq', 'desc')
        .limit(limit)
      if (state !== undefined) query = query.where('state', '=', state)
      if (before !== undefined) query = query.where('seq', '<', before)
      return pageOf('messages', limit, await query.execute(), shownOf)
    },
  }
}

function stateRoute({ store }: MessageRouteDeps): Route {
  return {
    method: 'get',
    path: '/api/v1/conversions/messages/{id}',
    summary: 'What became of a message',
    scope: 'read',
    params: MessageId,
    answers: { 200: { description: 'The message', schema: WhatsAppMessage } },
    refusals: ['not_found', 'invalid_request'],
    async handle(c, { org }) {
      const { id } = check(MessageId, { id: c.req.param('id') })
      const row = await findMessage(store, org, id)
      if (!row) throw new AppError('not_found', 'There is no such message')
      return ok(shownOf(row))
    },
  }
}

export const MESSAGE_WEBHOOK = '/api/v1/conversions/webhooks/whatsapp'

/** The routes that WhatsApp calls; they need no API key. */
export const MESSAGE_PLAIN_ROUTES: readonly PlainRoute[] = [
  {
    method: 'get',
    path: MESSAGE_WEBHOOK,
    summary: 'Prove to WhatsApp that the address is ours',
    description: 'It is answered where a connection has the verify token.',
    parameters: [
      { name: 'hub.mode', in: 'query', description: '`subscribe`', example: 'subscribe' },
      { name: 'hub.verify_token', in: 'query', description: '`webhook_verify_token` of a connection.' },
      { name: 'hub.challenge', in: 'query', description: 'What is answered.', example: '1158201444' },
    ],
    answers: {
      200: ['The challenge', 'text/plain'],
      403: ['No connection has this token', 'application/problem+json'],
    },
  },
  {
    method: 'post',
    path: MESSAGE_WEBHOOK,
    summary: 'Take the statuses of messages that WhatsApp tells',
    description: "Signed with the `app_secret` of the number's connection, byte for byte.",
    parameters: [
      {
        name: 'X-Hub-Signature-256',
        in: 'header',
        description: '`sha256=` and the HMAC of the body, in hexadecimal.',
      },
    ],
    body: {
      type: 'application/json',
      example: {
        object: 'whatsapp_business_account',
        entry: [
          {
            id: '1',
            changes: [
              {
                field: 'messages',
                value: {
                  messaging_product: 'whatsapp',
                  metadata: { phone_number_id: '100000000000001' },
                  statuses: [{ id: 'wamid.1', status: 'delivered', timestamp: '1795860000' }],
                },
              },
            ],
          },
        ],
      },
    },
    answers: {
      200: ['It is taken'],
      400: ['It is signed, but cannot be read', 'application/problem+json'],
      403: ['The signature fits no connection of the number', 'application/problem+json'],
      413: ['It is longer than 3 MiB', 'application/problem+json'],
      503: ['The database is unavailable; WhatsApp tries again', 'application/problem+json'],
    },
  },
]
