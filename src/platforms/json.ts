import type { HttpResponse } from '../http.ts'

export { at, listAt, numberAt, textAt } from '../json-at.ts'

export type Parsed =
  | { readonly is: 'json'; readonly body: unknown }
  | { readonly is: 'empty' }
  | { readonly is: 'garbled' }

export function parsed({ body }: HttpResponse): Parsed {
  if (body.trim() === '') return { is: 'empty' }
  try {
    return { is: 'json', body: JSON.parse(body) }
  } catch {
    return { is: 'garbled' }
  }
}
