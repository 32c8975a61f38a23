import { z } from '@hono/zod-openapi'
import {
  type Ctx,
  header,
  jsonOf,
  ok,
  Reason,
  ReasonQuery,
  type Route,
  readBytes,
  readJson,
  reasonOf,
} from '../../api/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { isSameSecret } from '../../http/same-secret.ts'
import { standardKey } from '../../http/standard-webhooks.ts'
import { parseJson, textOf } from '../../json/json.ts'
import { isoTime } from '../../time/clock.ts'
import { findConnection, isId, notFound } from '../connections.ts'
import { emit } from '../events/index.ts'
import { noteDelivery } from '../mail/index.ts'
import type { ConnectorRow } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import {
  type Checked,
  checkHub,
  checkStandard,
  hubKey,
  MIN_HUB_CHARS,
  type ReceivedWebhook,
} from '../webhooks/index.ts'
import { infoOf } from '../work/index.ts'
import { Id, idOf } from './route-parts.ts'

/** The longest webhook that is read, in bytes. */
const MAX_BYTES = 1024 * 1024
const Secret = z
  .strictObject({
    secret: z.string().min(8).max(512),
    /** Token that Meta sends to verify the address; the secret itself by default. */
    verify_token: z.string().trim().min(8).max(512).optional(),
    reason: Reason.optional(),
  })
  .openapi('WebhookSecret')

interface Scheme {
  check(delivery: ReceivedWebhook, secret: string, nowMs: number): Checked
  /** Describes the form that the secret must have; undefined when it has it. */
  wrong(secret: string): string | undefined
}

/** Signature scheme by platform. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  RESEND: {
    check: checkStandard,
    wrong: (secret) => (standardKey(secret) ? undefined : 'must be whsec_ and base64 of at least 24 bytes'),
  },
  META: {
    check: checkHub,
    wrong: (secret) =>
      hubKey(secret) === undefined ? `must have at least ${MIN_HUB_CHARS} characters` : undefined,
  },
}

const contextOf = (connectorId: string): string => `webhook:${connectorId}`

/** Routes that set the secret with which a platform signs its webhooks. */
export function webhookRoutes(sync: Sync): Route[] {
  const { store, keyring } = sync
  return [
    {
      method: 'put',
      path: '/api/v1/connectors/{id}/webhook',
      summary: 'Set the secret that the platform signs its webhooks with',
      scope: 'connect',
      params: Id,
      query: ReasonQuery,
      body: Secret,
      example: { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
      answers: {
        200: { description: 'Where the platform sends them', schema: z.object({ path: z.string() }) },
      },
      refusals: [
        'not_found',
        'invalid_request',
        'payload_too_large',
        'unsupported_media_type',
        'records_unavailable',
      ],
      async handle(c, caller) {
        const row = await findConnection(sync, caller.org, idOf(c))
        const scheme = SCHEMES[row.type]
        if (!scheme) throw new AppError('invalid_request', `${row.type} sends no webhooks`)
        const { secret, verify_token, reason: said } = await readJson(c, Secret)
        const wrong = scheme.wrong(secret)
        if (wrong !== undefined) throw invalidField('secret', wrong)
        const metadata = JSON.stringify({
          ...infoOf(row),
          webhookSecret: keyring.seal(secret, contextOf(row.id)),
          webhookVerifyToken: keyring.seal(verify_token ?? secret, contextOf(row.id)),
        })
        const reason = reasonOf(c, said)
        const about = { action: 'connector.webhook_secret_set', target: row.id, reason } as const
        await sync.audit.record(caller, { ...about, lowersRisk: false }, () =>
          store.db.updateTable('connectors').set({ metadata }).where('id', '=', row.id).execute(),
        )
        return ok({ path: `/api/v1/webhooks/${row.type.toLowerCase()}/${row.id}` })
      },
    },
  ]
}

/**
 * Receives a webhook of a platform. A repeated webhook is stored once. The body is read only if the signature is right.
 */
export async function takeWebhook(sync: Sync, c: Ctx): Promise<Response> {
  const { store, clock } = sync
  const { row, secret } = await target(sync, c)
  const body = await readBytes(c, MAX_BYTES)
  const checked = SCHEMES[row.type]?.check(
    { headers: (name) => header(c, name), body },
    secret,
    clock.nowMs(),
  )
  if (checked?.is !== 'genuine') throw new AppError('unauthorized', 'The signature does not fit')
  const text = textOf(body)
  const payload = await jsonOf(text)
  await store.db.transaction().execute(async (tx) => {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('webhook_events')
      .values({
        connector_id: row.id,
        event_id: checked.eventId,
        received_at: isoTime(clock.nowMs()),
        body: text,
      })
      .onConflict((conflict) => conflict.columns(['connector_id', 'event_id']).doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows === 0n) return
    if (row.type === 'RESEND') await noteDelivery(tx, clock, row.id, payload)
    const data = { connector_type: row.type, event_id: checked.eventId, payload }
    await emit(tx, clock, { orgId: row.org_id, type: 'webhook_received', subject: row.id, data })
  })
  return c.body(null, 204)
}

/** Answers Meta's verification of the address: a caller that knows the verify token gets its challenge back. */
export async function answerChallenge(sync: Sync, c: Ctx): Promise<Response> {
  const { verifyToken } = await target(sync, c)
  const query = c.req.query()
  if (query['hub.mode'] !== 'subscribe' || !isSameSecret(query['hub.verify_token'] ?? '', verifyToken)) {
    throw new AppError('forbidden', 'The verify token does not fit')
  }
  return c.text((query['hub.challenge'] ?? '').slice(0, 256))
}

interface WebhookTarget {
  readonly row: ConnectorRow
  readonly secret: string
  readonly verifyToken: string
}

/** The connection that an address of a webhook names, with its secrets. Throws 404 if it expects no webhooks. */
async function target({ store, keyring }: Sync, c: Ctx): Promise<WebhookTarget> {
  const id = c.req.param('id') ?? ''
  const row = isId(id)
    ? await store.db.selectFrom('connectors').selectAll().where('id', '=', id).executeTakeFirst()
    : undefined
  const { webhookSecret: sealed, webhookVerifyToken: token = sealed } = row ? parseJson(row.metadata) : {}
  if (!row || row.type.toLowerCase() !== c.req.param('platform') || typeof sealed !== 'string') {
    throw notFound('webhook', id)
  }
  const [secret, verifyToken] = [sealed, String(token)].map((one) => keyring.open(one, contextOf(row.id)))
  return { row, secret: secret ?? '', verifyToken: verifyToken ?? '' }
}
