import { z } from '@hono/zod-openapi'
import { nanoid } from 'nanoid'
import { type Ctx, headerOnce, ok, type Route, readItems } from '../../api/index.ts'
import { type Connector, converseNow, type Talk } from '../../connectors/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { findConnection } from '../connections.ts'
import { suppressedOf } from '../mail/index.ts'
import type { ConnectorRow } from '../store/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { infoOf, limitedAccountOf } from '../work/index.ts'
import { Id, idOf } from './route-parts.ts'

const Address = z.string().min(3).max(320).regex(/@/, 'must be an address')
const Mail = z
  .strictObject({
    from: Address.optional(),
    to: z.array(Address).min(1).max(50),
    subject: z.string().min(1).max(998).optional(),
    text: z.string().max(500_000).optional(),
    html: z.string().max(500_000).optional(),
    reply_to: Address.optional(),
    template: z
      .strictObject({
        id: z.string().min(1).max(200),
        variables: z.record(z.string().max(50), z.union([z.string().max(2_000), z.number()])).optional(),
      })
      .optional(),
    tags: z.record(z.string().regex(/^[\w-]{1,256}$/), z.string().regex(/^[\w-]{1,256}$/)).optional(),
  })
  .refine(
    ({ template, subject, text, html }) =>
      template
        ? text === undefined && html === undefined
        : subject !== undefined && (text ?? html) !== undefined,
    'needs a template, or a subject with a text or html',
  )
/** The most e-mails of one request, as many as one call to the platform takes. */
const MAX_EMAILS = 100
const Emails = z.strictObject({ emails: z.array(Mail).min(1).max(MAX_EMAILS) })
const Sent = z.object({ ids: z.array(z.string()) }).openapi('SentEmails')
const EmailId = Id.extend({ email_id: z.string().max(64) })
const Key = z.string().regex(/^[\x21-\x7e]{1,200}$/)

/** How long a caller waits for the platform, in milliseconds. */
const PATIENCE_MS = 30_000
/** The longest body of a request, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024
const REFUSALS = [
  'not_found',
  'invalid_request',
  'platform_refused',
  'platform_unavailable',
  'outcome_unknown',
] as const

/** Routes that send e-mails through a connection. */
export function emailRoutes(sync: Sync): Route[] {
  return [
    {
      method: 'post',
      path: '/api/v1/connectors/{id}/emails',
      summary: 'Send e-mails, all or none; once for each Idempotency-Key',
      scope: 'connect',
      params: Id,
      headers: z.object({ 'idempotency-key': Key.optional() }),
      body: Emails.openapi('Emails'),
      example: {
        emails: [
          { from: 'reports@mail.example', to: ['ann@x.example'], subject: 'Yesterday', text: 'All is well.' },
        ],
      },
      answers: { 200: { description: 'Their ids, in order', schema: Sent } },
      refusals: [...REFUSALS, 'payload_too_large', 'unsupported_media_type'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const { connector, mail } = senderOf(sync, row)
        const emails = await readItems(c, 'emails', Mail, { most: MAX_EMAILS, maxBytes: MAX_BYTES })
        const key = headerOnce(c, 'idempotency-key') ?? nanoid()
        if (!Key.safeParse(key).success)
          throw invalidField('Idempotency-Key', 'must be 1 to 200 visible characters')
        const suppressed = await suppressedOf(
          sync.store,
          row.id,
          emails.flatMap(({ to }) => to),
        )
        const { from: usual } = infoOf(row).settings
        const mails = emails.map(({ reply_to: replyTo, from = usual, ...rest }, index) => {
          if (typeof from !== 'string')
            throw invalidField(`emails.${index}.from`, 'is needed: settings.from is not set')
          const refused = rest.to.find((one) => suppressed.has(one))
          if (refused !== undefined)
            throw invalidField(
              `emails.${index}.to`,
              `${refused} must not be written to: ${suppressed.get(refused)}`,
            )
          return { ...rest, from, replyTo }
        })
        const ids = await talk(sync, row, connector, mail.send(mails, `${row.org_id}-${key}`))
        return ok({ ids })
      },
    },
    {
      method: 'get',
      path: '/api/v1/connectors/{id}/emails/{email_id}',
      summary: 'What became of an e-mail',
      scope: 'read',
      params: EmailId,
      answers: { 200: { description: 'Its last event', schema: z.looseObject({ email_id: z.string() }) } },
      refusals: REFUSALS,
      async handle(c: Ctx, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const { connector, mail } = senderOf(sync, row)
        return ok(await talk(sync, row, connector, mail.status(c.req.param('email_id')?.slice(0, 64) ?? '')))
      },
    },
  ]
}

/** The connector of a connection that can send e-mails. Throws 400 for any other connection. */
export function senderOf(sync: Sync, row: ConnectorRow) {
  const connector = connectorFor(sync, row.type)
  const { mail } = connector
  if (!mail) throw invalidField('id', `${connector.type} sends no e-mails`)
  if (row.status !== 'connected') throw invalidField('id', `the account is ${row.status}`)
  return { connector, mail }
}

/**
 * Runs a conversation with the platform and returns its result.
 * @throws AppError when it was refused, failed, or has an unknown outcome
 */
export async function talk<T>(sync: Sync, row: ConnectorRow, connector: Connector, one: Talk<T>): Promise<T> {
  const account = limitedAccountOf(row, connector)
  const caller = { connector, connectorId: row.id, account, priority: 'read_premium' } as const
  const talked = await converseNow(sync.calls, caller, one, PATIENCE_MS)
  switch (talked.is) {
    case 'done':
      return talked.value
    case 'auth_lost':
    case 'refused':
      throw new AppError('platform_refused', `${connector.type} refused: ${talked.detail}`)
    case 'unavailable':
      throw new AppError('platform_unavailable', `${connector.type}: ${talked.detail}`, 'later')
    case 'unknown':
      throw new AppError(
        'outcome_unknown',
        `${connector.type}: ${talked.detail}; it may have been done, so look before it is asked again`,
      )
  }
}
