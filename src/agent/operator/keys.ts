import { randomBytes } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import {
  type ApiKey,
  type ApiKeys,
  type Caller,
  type Ctx,
  hashKey,
  KEY_SCOPES,
  type KeptKey,
  LISTED_PER_CALL,
  ok,
  okList,
  okUnkept,
  Reason,
  ReasonQuery,
  type Route,
  readJson,
  reasonOf,
  reasonOfDeletion,
  TimeMs,
  WRONG_BODY,
} from '../../api/index.ts'
import type { Audit } from '../../audit/index.ts'
import { AppError } from '../../errors.ts'
import type { BudgetManager } from '../../shield/index.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import { type Org, ownId, shownName } from '../organisations.ts'
import { GLOBAL_SCOPE, keyScope } from '../scopes.ts'
import { FirstLimits, specBody, toSpec } from './budget-body.ts'
import type { KeyBook } from './key-book.ts'

/** The random bytes of a key. */
const KEY_BYTES = 32
const MAX_ORG = 999_999_999

const KeyInput = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w-]{1,32}$/, 'must be 1 to 32 letters, digits, - and _')
      .openapi({ description: 'Who it is for; shown wherever it is used.' }),
    scopes: z.array(z.enum(KEY_SCOPES)).min(1).max(KEY_SCOPES.length),
    organisation: z.number().int().min(1).max(MAX_ORG).optional().openapi({
      description: 'Number of its organisation; that of the key which makes it where none is said.',
    }),
    expiresAt: TimeMs.optional().openapi({ description: 'From then on it is answered 401 `key_expired`.' }),
    budget: z.strictObject({ limits: FirstLimits }).optional().openapi('KeyBudget', {
      description:
        'A budget of its own, `key:<name>`, from which every bid and every raise of a platform campaign by the key is paid beside the others. It is in the currency of the budget `global`; bids in another one are refused. Exchanges let no such key ask for auctions.',
    }),
    reason: Reason.optional(),
  })
  .openapi('KeyInput')

const KeyChange = z
  .strictObject({
    expiresAt: TimeMs.nullable().openapi({
      type: ['string', 'null'],
      description: 'From then on it is answered 401 `key_expired`; null for never.',
    }),
    reason: Reason.optional(),
  })
  .openapi('KeyChange')

const KeyBody = z
  .object({
    name: z.string().openapi({ description: 'As `/v1/keys/{name}` takes it: `ml@7` is of organisation 7.' }),
    scopes: z.array(z.enum(KEY_SCOPES)),
    organisation: z.number().int().openapi({ description: 'Number of its organisation.' }),
    source: z.enum(['environment', 'api']).openapi({
      description: '`environment` for one of API_KEYS, which is changed and revoked there alone.',
    }),
    state: z.enum(['valid', 'expired', 'revoked']),
    madeAt: z.string().optional(),
    madeBy: z.string().optional().openapi({ description: 'Name of the key that made it.' }),
    budget: z.string().optional().openapi({
      description: 'Name of the budget of its own, as `/v1/budgets/{scope}` takes it: `key:ml@7`.',
    }),
    expiresAt: z.string().optional(),
    revokedAt: z.string().optional(),
    lastUsedAt: z.string().optional().openapi({
      description: 'When this process saw it last; missing where it has not since it started.',
    }),
  })
  .openapi('ApiKey')
const MadeKey = KeyBody.extend({
  key: z.string().openapi({ description: 'The key itself. It is never shown again.' }),
}).openapi('MadeApiKey')
const KeyList = z.object({ keys: z.array(KeyBody) })
const KeyParam = z.object({ name: z.string().openapi({ example: 'summer' }) })

interface KeyDeps {
  readonly clock: Clock
  readonly audit: Audit
  readonly keys: ApiKeys
  readonly keyBook: KeyBook
  readonly operatorOrg: number
  readonly budget: Pick<BudgetManager, 'scope'>
}

/** API keys that are made, listed and revoked at run time. */
export function keyRoutes(deps: KeyDeps): Route[] {
  return [listKeys(deps), makeKey(deps), changeKey(deps), revokeKey(deps)]
}

function listKeys(deps: KeyDeps): Route {
  return {
    method: 'get',
    path: '/v1/keys',
    summary: 'The API keys of the environment, then those made at run time; never the keys themselves',
    scope: 'admin',
    answers: { 200: { description: 'Keys that the caller may see', schema: KeyList } },
    refusals: [],
    handle(_, { boundTo, charge }) {
      const { keys, operatorOrg } = deps
      const isSeen = ({ org = operatorOrg }: { readonly org?: number | undefined }) =>
        boundTo === undefined || org === boundTo
      const seen = [...keys.ofEnvironment, ...keys.made.values()].filter(isSeen)
      charge(seen.length / LISTED_PER_CALL)
      return okList('keys', seen, (key) => keyBody(deps, 'id' in key ? keyOf(key) : key, boundTo))
    },
  }
}

function makeKey(deps: KeyDeps): Route {
  return {
    method: 'post',
    path: '/v1/keys',
    summary: 'Make an API key; the answer alone has it',
    scope: 'admin',
    body: KeyInput,
    example: {
      name: 'summer',
      scopes: ['bid', 'read'],
      expiresAt: '2100-01-01T00:00:00Z',
      budget: { limits: [{ kind: 'day', timezone: 'Europe/Berlin', max: 200 }] },
    },
    answers: { 200: { description: 'The key, shown once', schema: MadeKey } },
    refusals: [...WRONG_BODY, 'records_unavailable'],
    async handle(c, caller) {
      const { clock, keyBook, operatorOrg, keys } = deps
      const input = await readJson(c, KeyInput)
      if (caller.payingKey !== undefined)
        throw new AppError(
          'forbidden',
          `${caller.name} has a budget of its own, which another key would not pay from`,
        )
      const { name, scopes, organisation = caller.org, expiresAt, reason } = input
      if (caller.boundTo !== undefined && organisation !== caller.boundTo)
        throw new AppError(
          'forbidden',
          `organisation: ${caller.name} can only make keys of its own organisation`,
        )
      requireFuture(clock, expiresAt)
      requireNoLonger(caller, expiresAt)
      const secret = `bw_${randomBytes(KEY_BYTES).toString('base64url')}`
      const org = organisation === operatorOrg ? undefined : organisation
      const made: KeptKey = {
        ...{ id: ownId(name, org), name, org, scopes: KEY_SCOPES.filter((scope) => scopes.includes(scope)) },
        ...{ sha256: hashKey(secret).toString('hex'), madeAtMs: clock.nowMs(), madeBy: caller.name },
        ...{ madeOpenly: !keys.areNeeded, expiresAtMs: expiresAt },
        ...(input.budget && { budget: budgetOf(deps, input.budget) }),
      }
      const values = () => ({ to: auditValue(made) })
      const about = {
        action: 'key.made',
        target: `key:${made.id}`,
        values,
        reason: reasonOf(c, reason),
      } as const
      await deps.audit.record(caller, { ...about, lowersRisk: false }, () => keyBook.make(made))
      return okUnkept({ ...keyBody(deps, keyOf(made), caller.boundTo), key: secret })
    },
  }
}

function changeKey(deps: KeyDeps): Route {
  return {
    method: 'patch',
    path: '/v1/keys/{name}',
    summary: 'Change when a key expires',
    scope: 'admin',
    params: KeyParam,
    body: KeyChange,
    example: { expiresAt: '2101-01-01T00:00:00Z' },
    answers: { 200: { description: 'The key now', schema: KeyBody } },
    refusals: [...WRONG_BODY, 'not_found', 'records_unavailable'],
    async handle(c, caller) {
      const { expiresAt, reason } = await readJson(c, KeyChange)
      requireFuture(deps.clock, expiresAt ?? undefined)
      const before = findKey(deps, c, caller)
      const after = { ...before, expiresAtMs: expiresAt ?? undefined }
      const lowersRisk = endOf(after) <= endOf(before)
      if (!lowersRisk) requireNoLonger(caller, after.expiresAtMs)
      const values = () => ({ from: auditValue(before), to: auditValue(after) })
      const about = {
        action: 'key.changed',
        target: `key:${before.id}`,
        values,
        reason: reasonOf(c, reason),
      } as const
      await deps.audit.record(caller, { ...about, lowersRisk }, () => deps.keyBook.change(before, after))
      return ok(keyBody(deps, keyOf(after), caller.boundTo))
    },
  }
}

function revokeKey(deps: KeyDeps): Route {
  return {
    method: 'delete',
    path: '/v1/keys/{name}',
    summary: 'Revoke a key, with its sessions: from now on nobody gets in with it',
    scope: 'admin',
    lowersRisk: true,
    params: KeyParam,
    query: ReasonQuery,
    answers: { 200: { description: 'The key, revoked', schema: KeyBody } },
    refusals: ['invalid_request', 'not_found', 'records_unavailable'],
    async handle(c, caller) {
      const { clock, keyBook, audit } = deps
      const key = unkeptKey(deps, c, caller) ?? findKey(deps, c, caller)
      const revoked = { ...key, revokedAtMs: key.revokedAtMs ?? clock.nowMs() }
      const values = () => ({ from: auditValue(key), to: auditValue(revoked) })
      const about = {
        action: 'key.revoked',
        target: `key:${key.id}`,
        values,
        reason: await reasonOfDeletion(c),
      } as const
      await audit.record(caller, { ...about, lowersRisk: true }, () => keyBook.revoke(revoked))
      return ok(keyBody(deps, keyOf(revoked), caller.boundTo))
    },
  }
}

/** The key that the address names, if it was revoked and the revocation could not be stored yet. */
function unkeptKey({ keys, keyBook }: KeyDeps, c: Ctx, { boundTo }: Caller): KeptKey | undefined {
  const id = ownId(c.req.param('name') ?? '', boundTo)
  return keyBook.isUnkept(id) ? keys.made.get(id) : undefined
}

/** The key that the address names. Throws 404, and 400 for a key of the environment, which cannot be changed here. */
function findKey(deps: KeyDeps, c: Ctx, { boundTo }: Caller): KeptKey {
  const said = c.req.param('name') ?? ''
  const id = ownId(said, boundTo)
  const found = deps.keys.made.get(id)
  if (found && found.revokedAtMs === undefined) return found
  if (deps.keys.ofEnvironment.some((key) => idOf(deps, key) === id))
    throw new AppError('invalid_request', 'name: this key is of the environment; take it out of API_KEYS')
  // The answer does not repeat the name: the caller may have put a key there by mistake.
  throw new AppError('not_found', 'There is no API key of this name that is valid')
}

const endOf = ({ expiresAtMs = Number.POSITIVE_INFINITY }: Pick<KeptKey, 'expiresAtMs'>): number =>
  expiresAtMs

/** Throws 403 if a key would be valid for longer than the key that makes or changes it. */
function requireNoLonger({ name, expiresAtMs }: Caller, timeMs: number | undefined): void {
  if (expiresAtMs === undefined || (timeMs !== undefined && timeMs <= expiresAtMs)) return
  const detail = `expiresAt: ${name} expires at ${isoTime(expiresAtMs)}, and gives no key more time than that`
  throw new AppError('forbidden', detail, 'never', { field: 'expiresAt' })
}

function requireFuture(clock: Clock, timeMs: number | undefined): void {
  if (timeMs === undefined || timeMs > clock.nowMs()) return
  throw new AppError('invalid_request', 'expiresAt: must be in the future', 'never', { field: 'expiresAt' })
}

const budgetOf = ({ budget }: KeyDeps, { limits }: { limits: z.output<typeof FirstLimits> }) => ({
  currency: budget.scope(GLOBAL_SCOPE)?.currency ?? 'USD',
  limits: limits.map(toSpec),
})

const idOf = ({ operatorOrg }: KeyDeps, { name, org }: ApiKey): string =>
  ownId(name, org === operatorOrg ? undefined : org)

const keyOf = (kept: KeptKey): ApiKey => {
  const { name, org, scopes, sha256 } = kept
  return { name, org, scopes, sha256: Buffer.from(sha256, 'hex'), kept }
}

function keyBody(deps: KeyDeps, key: ApiKey, boundTo: Org): z.output<typeof KeyBody> {
  const { madeAtMs, madeBy, expiresAtMs, revokedAtMs, id, budget } = key.kept ?? {}
  const isExpired = expiresAtMs !== undefined && deps.clock.nowMs() >= expiresAtMs
  const usedMs = deps.keys.usedMs(key)
  return {
    name: shownName(idOf(deps, key), boundTo),
    scopes: [...key.scopes],
    organisation: key.org ?? deps.operatorOrg,
    source: key.kept ? 'api' : 'environment',
    state: revokedAtMs !== undefined ? 'revoked' : isExpired ? 'expired' : 'valid',
    ...(madeAtMs !== undefined && { madeAt: isoTime(madeAtMs), madeBy }),
    ...(budget && id && revokedAtMs === undefined && { budget: shownName(keyScope(id), boundTo) }),
    ...(expiresAtMs !== undefined && { expiresAt: isoTime(expiresAtMs) }),
    ...(revokedAtMs !== undefined && { revokedAt: isoTime(revokedAtMs) }),
    ...(usedMs !== undefined && { lastUsedAt: isoTime(usedMs) }),
  }
}

const auditValue = ({ scopes, org, budget, expiresAtMs, revokedAtMs }: KeptKey) => ({
  scopes,
  ...(budget && { budget: { currency: budget.currency, limits: budget.limits.map(specBody) } }),
  ...(org !== undefined && { organisation: org }),
  ...(expiresAtMs !== undefined && { expiresAt: isoTime(expiresAtMs) }),
  ...(revokedAtMs !== undefined && { revokedAt: isoTime(revokedAtMs) }),
})
