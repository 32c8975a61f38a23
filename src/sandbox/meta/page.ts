import type { Call, JsonObject } from '../protocol.ts'
import { refuseParameter } from './errors.ts'

/** Entries of a page: by default, and at most. */
const DEFAULT_LIMIT = 25
const MAX_LIMIT = 500

/** One page of a list. The last one has cursors too; only `next` says that there is more. */
export function listPage(rows: readonly JsonObject[], params: JsonObject, call: Call): JsonObject {
  const limit = params['limit'] === undefined ? DEFAULT_LIMIT : Number(params['limit'])
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) refuseParameter('Param limit is not valid')
  const start = params['after'] === undefined ? 0 : positionOf(String(params['after']))
  const data = rows.slice(start, start + limit)
  if (data.length === 0) return { data }
  const end = start + data.length
  const cursors = { before: cursorAt(start), after: cursorAt(end) }
  return { data, paging: end < rows.length ? { cursors, next: nextUrl(call, cursors.after) } : { cursors } }
}

const cursorAt = (position: number): string => Buffer.from(`at:${position}`).toString('base64url')

function positionOf(cursor: string): number {
  const position = /^at:(\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  return position === undefined ? refuseParameter('Invalid cursor') : Number(position)
}

function nextUrl({ headers, path, query }: Call, after: string): string {
  const next = new URLSearchParams(query)
  next.set('after', after)
  return `http://${headers.get('host')}/meta${path}?${next}`
}
