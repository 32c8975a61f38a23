import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { bodyCodingOf } from '../http/content-coding.ts'
import { DuplicateMember, JsonTooDeep, type parseUnambiguous, TooManyNames, textOf } from '../json/json.ts'
import { parseLongJson, TooManyValues } from '../json/long-json.ts'
import { mapInSlices } from '../time/slices.ts'
import '../json/plain-words.ts'

export interface ApiEnv {
  readonly Bindings: HttpBindings
  readonly Variables: {
    /** Throws where the caller may not make this call any more: it may have sent the body long after it was let in. */
    readonly requireStill?: () => void
  }
}
export type Ctx = Context<ApiEnv>

/** Default limit of a request body, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024

/** Refusals of every route that takes a JSON body. */
export const WRONG_BODY = ['invalid_request', 'payload_too_large', 'unsupported_media_type'] as const

/** Reads one request header without building the web-standard headers of the request. */
export const header = (c: Ctx, name: string): string | undefined => headerOf(c.env.incoming, name)

export function headerOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/**
 * Reads a header that may come once only. Throws 400 for a repeated one: Node joins the values, and the joined text would be
 * another value than that of the same call without the repetition.
 */
export function headerOnce(c: Ctx, name: string): string | undefined {
  const value = header(c, name)
  if (value?.includes(',') && (c.env.incoming.headersDistinct[name]?.length ?? 0) > 1)
    throw new AppError('invalid_request', `${name}: is given more than once`, 'never', { field: name })
  return value
}

/** Whether a content type is JSON. Its names are written in any case, and parameters may follow. */
export const isJsonType = (type: string | undefined): boolean =>
  type !== undefined && /^application\/json[ \t]*(;|$)/i.test(type)

/**
 * Reads the JSON body and checks it by `schema`. Throws 415 for another content type, 413 for a body that is too large,
 * and 400 with the first wrong field.
 */
export async function readJson<S extends z.ZodType>(
  c: Ctx,
  schema: S,
  maxBytes = MAX_BODY_BYTES,
): Promise<z.output<S>> {
  return check(schema, await readBody(c, maxBytes))
}

export interface ItemsOptions {
  /** Most items. */
  readonly most: number
  /** Longest body, in bytes. */
  readonly maxBytes: number
}

/**
 * Reads the items of a body that is one long list, as in `{"rows":[…]}`, and checks each by `schema`, in slices. Throws
 * as {@link readJson} does.
 */
export async function readItems<S extends z.ZodType>(
  c: Ctx,
  name: string,
  schema: S,
  { most, maxBytes }: ItemsOptions,
): Promise<z.output<S>[]> {
  const List = z.strictObject({ [name]: z.array(z.unknown()).min(1).max(most) })
  const { [name]: items = [] } = await readJson(c, List, maxBytes)
  return checkItems(name, items, schema)
}

/** Checks each item of a long list, in slices. Throws 400 for the first that is wrong. */
export const checkItems = <S extends z.ZodType>(
  name: string,
  items: readonly unknown[],
  schema: S,
): Promise<z.output<S>[]> => mapInSlices(items, (item, at) => check(schema, item, `${name}.${at}`))

/** Reads the JSON body without checking it; see {@link readJson}. */
export async function readBody(c: Ctx, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  if (!isJsonType(header(c, 'content-type'))) {
    throw new AppError('unsupported_media_type', 'Send the body as application/json')
  }
  if (bodyCodingOf(header(c, 'content-encoding')) !== 'identity') {
    throw new AppError('unsupported_media_type', 'Send the body without Content-Encoding', 'never', {
      field: 'content-encoding',
    })
  }
  const bytes = await readBytes(c, maxBytes)
  // Decoding replaces every wrong byte by the same character, so two different names could become one.
  if (!isUtf8(bytes)) throw unreadable('it is not UTF-8')
  return jsonOf(textOf(bytes))
}

/**
 * Reads the body up to the limit. Throws 413 for a larger one, 400 for one that the caller breaks off, and 401 where its
 * key has ended meanwhile.
 * @param onBytes called with the length of each part before it is kept; what it throws is answered
 */
export async function readBytes(
  c: Ctx,
  maxBytes: number,
  onBytes?: (bytes: number) => void,
): Promise<Buffer> {
  if (Number(header(c, 'content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const { incoming } = c.env
  const bytes = await collect(incoming, (chunk, bytesBefore) => {
    if (bytesBefore + chunk.length > maxBytes) throw tooLarge(maxBytes)
    onBytes?.(chunk.length)
  }).catch((error: unknown) => {
    throw incoming.destroyed && !incoming.complete ? unreadable('it was broken off') : error
  })
  c.get('requireStill')?.()
  return bytes
}

/**
 * All of a stream. Rejects with its error, or with what `check` throws for a chunk; the stream is paused then, not destroyed:
 * without its request, a caller would get no answer. An async iterator would cost several times as much.
 */
function collect(
  stream: IncomingMessage,
  check: (chunk: Buffer, bytesBefore: number) => void,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  const take = (chunk: Buffer) => {
    try {
      check(chunk, size)
    } catch (error) {
      stream.off('data', take).pause()
      return reject(error)
    }
    size += chunk.length
    chunks.push(chunk)
  }
  const breakOff = (error?: Error) => reject(error ?? new Error('The stream has closed before its end'))
  stream.on('data', take)
  stream.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
  stream.once('error', breakOff)
  stream.once('close', breakOff)
  if (stream.destroyed) breakOff()
  return promise
}

/** Parses a body. Throws 400 for invalid JSON, a member that is there twice, too deep nesting, too many names or too many values. */
export async function jsonOf(text: string): Promise<ReturnType<typeof parseUnambiguous>> {
  try {
    return await parseLongJson(text)
  } catch (error) {
    if (error instanceof DuplicateMember) throw unreadable(`duplicate member "${nameShown(error.member)}"`)
    const isTooMuch = [JsonTooDeep, TooManyNames, TooManyValues].some((kind) => error instanceof kind)
    const why = isTooMuch && error instanceof Error ? error.message : 'it is not JSON'
    throw unreadable(why)
  }
}

const unreadable = (why: string) => new AppError('invalid_request', `The body cannot be read: ${why}`)

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body may have at most ${maxBytes} bytes`)

/**
 * Checks a value by a schema. Throws 400 with the first wrong field.
 * @param within field that contains the value
 */
export function check<S extends z.ZodType>(schema: S, value: unknown, within?: string): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path =
    issue?.code === 'unrecognized_keys' ? [...issue.path, nameShown(issue.keys[0])] : (issue?.path ?? [])
  const field = [...(within === undefined ? [] : [within]), ...path.map(String)].join('.')
  const problem =
    issue?.code === 'unrecognized_keys' ? 'is not a known field' : (issue?.message ?? 'is not valid')
  throw new AppError('invalid_request', field === '' ? problem : `${field}: ${problem}`, 'never', { field })
}

/** Names of fields as programs have them: words and hardly a digit. */
const FIELD_NAME = /^[a-z_]{1,40}\d{0,2}$/i

/** An unknown field's name, as an answer may show it. Only a plain word is repeated: anything else may be a secret or personal data. */
export const nameShown = (name: string | undefined): string =>
  name !== undefined && FIELD_NAME.test(name) ? name : NOT_SHOWN

const NOT_SHOWN = '(a name that is not shown)'
/** Ids as they are: UUIDs, or words too short for a key, joined as in `campaign:meta:spring@7`. */
const ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{1,24}(?:[:@.][\w-]{1,24}){0,4})$/i

/** An id or name that nothing has, as an answer may show it: a longer text may be a key that was typed in its place. */
export const idShown = (id: string): string => (ID.test(id) ? id : NOT_SHOWN)
