import { randomUUID } from 'node:crypto'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { bearerToken, isObject, parseJson, Refusal } from '../protocol.ts'

const ERRORS = {
  validation_error: 422,
  missing_api_key: 401,
  restricted_api_key: 401,
  invalid_api_key: 403,
  not_found: 404,
  invalid_idempotency_key: 400,
  invalid_idempotent_request: 409,
  concurrent_idempotent_requests: 409,
  invalid_from_address: 422,
  monthly_quota_exceeded: 429,
  daily_quota_exceeded: 429,
  rate_limit_exceeded: 429,
  security_error: 451,
  application_error: 500,
  internal_server_error: 500,
} as const
type ErrorName = keyof typeof ERRORS

export const isResendErrorName = (name: string): name is ErrorName => Object.hasOwn(ERRORS, name)

const rates = (remaining: number) => ({
  'ratelimit-limit': '2',
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': '1',
})

function errorOf(name: ErrorName, message = name.replaceAll('_', ' ')): SandboxReply {
  const statusCode = ERRORS[name]
  const headers = { ...rates(0), ...(name === 'rate_limit_exceeded' && { 'retry-after': '2' }) }
  return { status: statusCode, headers, body: { statusCode, name, message } }
}
function refuse(name: ErrorName, message?: string): never {
  throw new Refusal(errorOf(name, message))
}

export const RESEND_KEYS = { full: 're_sandbox_full', sending: 're_sandbox_sending' } as const
const DOMAINS = [
  { id: 'd1', name: 'mail.example', status: 'verified' },
  { id: 'd2', name: 'new.example', status: 'pending' },
]
const TEMPLATES: readonly JsonObject[] = [
  { id: 't1', name: 'Welcome', alias: 'welcome', status: 'published', updated_at: '2026-11-01T00:00:00Z' },
  { id: 't2', name: 'Draft', alias: 'draft', status: 'draft', updated_at: '2026-11-02T00:00:00Z' },
]
/** The most entries of a page, however many are asked for: a client has to turn pages. */
const LARGEST_PAGE = 3

interface Email {
  readonly id: string
  readonly body: JsonObject
  readonly createdAt: string
}

/** Resend. No e-mail is sent; what happened to one depends on the first recipient, such as `bounced@…`. */
export function createResend(clock: Clock): Played {
  const emails: Email[] = []
  let templates = [...TEMPLATES]
  /** By idempotency key. */
  const known = new Map<string, { readonly body: string; readonly answer: JsonObject }>()

  function route(call: Call): SandboxReply {
    const { method, path } = call
    const key = bearerToken(call.headers) ?? refuse('missing_api_key')
    if (key !== RESEND_KEYS.full && key !== RESEND_KEYS.sending) refuse('invalid_api_key')
    if (method === 'POST' && (path === '/emails' || path === '/emails/batch')) return sent(call)
    if (key === RESEND_KEYS.sending)
      refuse('restricted_api_key', 'This API key is restricted to only send emails')
    if (path.startsWith('/templates') && method !== 'GET') return changeTemplate(call)
    if (method !== 'GET') return refuse('not_found')
    if (path === '/domains') return listed(DOMAINS, call)
    if (path === '/templates') return listed(templates, call)
    if (path === '/emails') return listed([...emails].reverse().map(described), call)
    const id = /^\/emails\/([\w-]+)$/.exec(path)?.[1]
    const found = emails.find((one) => one.id === id)
    return found ? ok(described(found)) : refuse('not_found')
  }

  /** Creates, changes, publishes or deletes a template. A new one is a draft. */
  function changeTemplate({ method, path, body }: Call): SandboxReply {
    const [, , name, action] = path.split('/')
    const now = isoTime(clock.nowMs())
    if (name === undefined) {
      const made = checkedTemplate(parseJson(body))
      if (method !== 'POST' || typeof made['name'] !== 'string' || typeof made['html'] !== 'string')
        refuse('validation_error', 'Missing `name` or `html` field')
      if (templates.some(({ alias }) => alias !== undefined && alias === made['alias']))
        refuse('validation_error', 'The alias is taken')
      const id = randomUUID()
      templates.push({ alias: null, ...made, id, status: 'draft', updated_at: now })
      return ok({ object: 'template', id })
    }
    const found = templates.find(({ id, alias }) => id === name || alias === name) ?? refuse('not_found')
    const { id = '' } = found
    const put = (change: JsonObject) => {
      templates = templates.map((one) => (one === found ? { ...one, ...change, updated_at: now } : one))
    }
    if (method === 'DELETE') templates = templates.filter((one) => one !== found)
    else if (method === 'PATCH') put(checkedTemplate(parseJson(body)))
    else if (method === 'POST' && action === 'publish') put({ status: 'published' })
    else refuse('not_found')
    return ok({ object: 'template', id, ...(method === 'DELETE' && { deleted: true }) })
  }

  /** Takes e-mails. A known idempotency key gets the same answer again; with another body it is refused. */
  function sent({ path, headers, body }: Call): SandboxReply {
    const key = headers.get('idempotency-key')
    if (key !== null && (key.length === 0 || key.length > 256)) refuse('invalid_idempotency_key')
    const before = key === null ? undefined : known.get(key)
    if (before && before.body !== body) refuse('invalid_idempotent_request')
    if (before) return ok(before.answer)
    const asked = parseJson(body)
    const all: unknown[] =
      path === '/emails' ? [asked] : Array.isArray(asked) ? asked : refuse('validation_error')
    if (all.length > 100) refuse('validation_error', 'At most 100 e-mails')
    const made = all.map((one) => ({
      id: randomUUID(),
      body: checked(one, templates),
      createdAt: isoTime(clock.nowMs()),
    }))
    emails.push(...made)
    const ids = made.map(({ id }) => ({ id }))
    const answer: JsonObject = path === '/emails' ? { ...ids[0] } : { data: ids }
    if (key !== null) known.set(key, { body, answer })
    return ok(answer)
  }

  return {
    handle: route,
    errorNamed: (name) => errorOf(isResendErrorName(name) ? name : 'internal_server_error'),
  }
}

const ok = (body: JsonObject): SandboxReply => ({ status: 200, headers: rates(1), body })

function checkedTemplate(template: unknown): JsonObject {
  if (!isObject(template) || 'id' in template || 'status' in template) return refuse('validation_error')
  return template
}

function checked(mail: unknown, templates: readonly JsonObject[]): JsonObject {
  if (!isObject(mail)) return refuse('validation_error')
  const { from, to, subject, text, html, template } = mail
  if (!String(from).replace(/>$/, '').endsWith('@mail.example')) refuse('invalid_from_address')
  if (!Array.isArray(to) || to.length === 0 || to.length > 50)
    refuse('validation_error', 'Invalid `to` field')
  if (isObject(template)) {
    const known = templates.find(({ id, alias }) => template['id'] === id || template['id'] === alias)
    if (known?.['status'] !== 'published') refuse('validation_error', 'The template is not published')
    if (text !== undefined || html !== undefined) refuse('validation_error', 'Both a template and a text')
  } else if (typeof subject !== 'string' || (text === undefined && html === undefined)) {
    refuse('validation_error', 'Missing `subject`, `html` or `text` field')
  }
  return mail
}

function described({ id, body, createdAt }: Email): JsonObject {
  const { to, from, subject } = body
  const [first]: unknown[] = Array.isArray(to) ? to : []
  const fate = /^(bounced|complained|delivery_delayed|suppressed)/.exec(String(first))?.[0] ?? 'delivered'
  // Resend's own notation of times.
  const created = createdAt.replace('T', ' ').replace('Z', '+00')
  return { object: 'email', id, to, from, subject, created_at: created, last_event: fate, scheduled_at: null }
}

function listed(all: readonly JsonObject[], { query }: Call): SandboxReply {
  const limit = Number(query.get('limit') ?? 20)
  if (!(limit >= 1 && limit <= 100)) refuse('validation_error', 'The limit must be between 1 and 100')
  const after = query.get('after')
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
  if (after !== null && from === 0) refuse('validation_error', 'There is no such entry')
  const to = from + Math.min(limit, LARGEST_PAGE)
  return ok({ object: 'list', has_more: to < all.length, data: all.slice(from, to) })
}
