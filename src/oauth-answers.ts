import * as oauth from 'oauth4webapi'

/** Of an answer of a token endpoint. */
const MAX_ANSWER_BYTES = 64 * 1024
const HAS_NO_BODY = new Set([204, 205, 304])

/**
 * Whose an error of a token endpoint is. `person`: the grant has ended, and only a new authorization helps. `operator`: the
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

/**
 * Reads the whole answer of a token endpoint, no further than 64 KiB, and fills in what providers leave out. The signal
 * ends a body that comes too slowly as well.
 */
export async function fetchTokenAnswer(
  url: string,
  { body, ...init }: oauth.CustomFetchOptions<string, URLSearchParams | undefined>,
): Promise<Response> {
  const response = await fetch(url, { ...init, ...(body && { body }) })
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  const { status } = response
  const headers = new Headers(response.headers)
  // The body is unpacked by now, and may have another length.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  const text = Buffer.concat(chunks).toString()
  return new Response(HAS_NO_BODY.has(status) ? null : completed(text, status), { status, headers })
}

/** Without a type a token is a bearer token; one that ends in 0 seconds is one that never ends by time. */
function completed(text: string, status: number): string {
  if (status !== 200) return text
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof answer !== 'object' || answer === null || !('access_token' in answer)) return text
  const { expires_in, ...rest } = { token_type: 'bearer', expires_in: undefined, ...answer }
  return JSON.stringify(Number(expires_in) > 0 ? { ...rest, expires_in } : rest)
}
