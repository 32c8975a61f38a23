import * as oauth from 'oauth4webapi'
import { parseJson, textOf } from '../json/json.ts'

/** The longest answer of an authorization server that is read. */
const MAX_ANSWER_BYTES = 64 * 1024
const HAS_NO_BODY = new Set([204, 205, 304])

/**
 * Who can mend an error of a token endpoint. `person`: the grant has ended, and only a new authorization helps. `operator`: the
 * provider refuses our client or our request. `provider`: it may work later.
 * Codes of RFC 6749 section 5.2; some providers send those of section 4.1.2.1 with a 400 as well.
 */
export function partyAtFault(error: unknown): 'person' | 'operator' | 'provider' {
  if (!(error instanceof oauth.ResponseBodyError)) return 'provider'
  if (error.error === 'invalid_grant') return 'person'
  return OPERATORS.has(error.error) ? 'operator' : 'provider'
}
const OPERATORS = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_request',
  'unsupported_grant_type',
  'invalid_scope',
  'deleted_client',
  'org_internal',
])

type Init = oauth.CustomFetchOptions<string, URLSearchParams | undefined>

/**
 * Reads a whole answer of an authorization server, no further than 64 KiB, as it is. The signal ends a body that comes too
 * slowly as well.
 */
export async function fetchWhole(url: string, init: Init): Promise<Response> {
  const { text, status, headers } = await readWhole(url, init)
  return new Response(HAS_NO_BODY.has(status) ? null : text, { status, headers })
}

/** As {@link fetchWhole} of a token endpoint; fills in what providers leave out. */
export async function fetchTokenAnswer(url: string, init: Init): Promise<Response> {
  const { text, status, headers } = await readWhole(url, init)
  const answer = objectIn(text)
  if (answer === undefined) return new Response(HAS_NO_BODY.has(status) ? null : text, { status, headers })
  headers.set('content-type', 'application/json')
  // The body decides, also where there is a challenge in the headers, or a status of success.
  headers.delete('www-authenticate')
  if (answer['error'] !== undefined && answer['access_token'] === undefined)
    return new Response(text, { status: status < 300 ? 400 : status, headers })
  return new Response(status === 200 ? JSON.stringify(completed(answer)) : text, { status, headers })
}

async function readWhole(url: string, { body, ...init }: Init) {
  const response = await fetch(url, { ...init, ...(body && { body }) })
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  const headers = new Headers(response.headers)
  // The body is unpacked by now, and may have another length.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  return { text: textOf(Buffer.concat(chunks)), status: response.status, headers }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = parseJson(text)
    return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
      ? Object.fromEntries(Object.entries(answer))
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Null and empty text count as absent. A token without a type is a bearer token; one that expires in 0 seconds never
 * expires.
 */
function completed(answer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const said = Object.entries(answer).filter(([, value]) => value !== null && value !== '')
  const { expires_in, ...rest } = { token_type: 'bearer', expires_in: undefined, ...Object.fromEntries(said) }
  return Number(expires_in) > 0 ? { ...rest, expires_in } : rest
}
