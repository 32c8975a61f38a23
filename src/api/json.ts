import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { z } from 'zod'
import { AppError } from '../errors.ts'
import { JsonTooDeep, parseJson } from '../json.ts'

export type Env = { Bindings: HttpBindings }
export type Ctx = Context<Env>

/** Largest request body unless a route says otherwise, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024

/** A request header, without building the web-standard headers of the whole request. */
export const header = (c: Ctx, name: string): string | undefined => headerOf(c.env.incoming, name)

export function headerOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/**
 * The JSON body, checked by `schema`. Errors: 415 for another content type, 413 for a body that is too large, 400 naming the first
 * field that is wrong.
 */
export async function readJson<S extends z.ZodType>(
  c: Ctx,
  schema: S,
  maxBytes = MAX_BODY_BYTES,
): Promise<z.output<S>> {
  return check(schema, await readBody(c, maxBytes))
}

/** The JSON body, unchecked; see {@link readJson}. */
export async function readBody(c: Ctx, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  const type = header(c, 'content-type')
  if (!type?.startsWith('application/json')) {
    throw new AppError('unsupported_media_type', 'Send the body as application/json')
  }
  return jsonOf((await readBytes(c, maxBytes)).toString('utf8'))
}

/** The body, read no further than the limit. Errors: 413. */
export async function readBytes(c: Ctx, maxBytes: number): Promise<Buffer> {
  if (Number(header(c, 'content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Buffer[] = []
  let size = 0
  // Left early it would be destroyed, and the client could not be answered.
  for await (const chunk of c.env.incoming.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A body as JSON. Errors: 400 for what is no JSON, or nested too deeply. */
export function jsonOf(text: string): ReturnType<typeof parseJson> {
  try {
    return parseJson(text)
  } catch (error) {
    const why = error instanceof JsonTooDeep ? error.message : 'it is not JSON'
    throw new AppError('invalid_request', `The body cannot be read: ${why}`)
  }
}

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body may have at most ${maxBytes} bytes`)

/** Checks a value against a schema; 400 naming the first field that is wrong. */
export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : (issue?.path ?? [])
  const field = path.map(String).join('.')
  const problem =
    issue?.code === 'unrecognized_keys' ? 'is not a known field' : (issue?.message ?? 'is not valid')
  throw new AppError('invalid_request', field === '' ? problem : `${field}: ${problem}`, 'never', { field })
}
