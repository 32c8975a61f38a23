import type { HttpRequest } from '../../http/http.ts'

/** A GET request without a body. Query parameters that are undefined are left out. */
export function get(
  url: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): HttpRequest {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  )
  return { method: 'GET', url: given.length > 0 ? `${url}?${given.join('&')}` : url, headers: {} }
}

/** A request with a JSON body. */
export const withJson = (method: 'POST' | 'PUT' | 'PATCH', url: string, body: unknown): HttpRequest => ({
  method,
  url,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
