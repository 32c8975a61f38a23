import type { HttpResponse } from '../http.ts'
import { parseJson } from '../json.ts'

export { at, listAt, numberAt, textAt } from '../json-at.ts'

export type Parsed =
  | { readonly is: 'json'; readonly body: unknown }
  | { readonly is: 'empty' }
  | { readonly is: 'garbled' }

export function parsed({ body, json }: HttpResponse): Parsed {
  if (json) return json
  if (body.trim() === '') return { is: 'empty' }
  try {
    return { is: 'json', body: parseJson(body) }
  } catch {
    return { is: 'garbled' }
  }
}
