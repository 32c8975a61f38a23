import type { HttpResponse } from '../../http/http.ts'
import { parseExactly } from '../../json/json.ts'

export { at, listAt, numberAt, textAt } from '../../json/json-at.ts'

export type Parsed =
  | { readonly is: 'json'; readonly body: unknown }
  | { readonly is: 'empty' }
  | { readonly is: 'garbled' }

/**
 * Whether an answer is a web page. An API answers in JSON, so a page comes from something on the way, and a 401 or 403 in
 * this form says nothing about the grant.
 */
export const isWebPage = ({ body }: HttpResponse): boolean =>
  /^\s*<(?:!doctype\s+html|html)\b/i.test(body.slice(0, 200))

export function parsed({ body, json }: Pick<HttpResponse, 'body' | 'json'>): Parsed {
  if (json) return json
  if (body.trim() === '') return { is: 'empty' }
  try {
    return { is: 'json', body: parseExactly(body) }
  } catch {
    return { is: 'garbled' }
  }
}

/** The JSON of an answer; undefined where it has none, or cannot be read. */
export function jsonBody(response: Pick<HttpResponse, 'body' | 'json'>): unknown {
  const answer = parsed(response)
  return answer.is === 'json' ? answer.body : undefined
}
