import type { JsonObject } from '../protocol.ts'
import { refuse } from './errors.ts'
import type { GaqlQuery, SearchRow } from './query.ts'

const DAY_MS = 86_400_000
/** Conversions come in over this many days after the click; until then a day's figure is too low. */
const LATE_DAYS = 7

/** The row for every day of the query, where it asks for figures; days after today have none. */
export function reported(
  { select, where, from }: GaqlQuery,
  row: SearchRow,
  today: string,
): readonly SearchRow[] {
  if (!asksForFigures({ select, where })) return [row]
  const range = where.find(({ column, is }) => column.resource === 'segments' && is === 'between')
  const [start = '', end = ''] = range?.values ?? []
  if (!/^\d{4}-\d{2}-\d{2}$/.test(start) || !/^\d{4}-\d{2}-\d{2}$/.test(end) || end < start)
    refuse('UNEXPECTED_INPUT', { message: 'The sandbox needs segments.date BETWEEN two dates.' })
  const id = String(row[from]?.['id'])
  return daysIn(start, end < today ? end : today).map((date) => ({
    ...row,
    metrics: metricsOf(id, date, (Date.parse(today) - Date.parse(date)) / DAY_MS),
    segments: { date },
  }))
}

export function asksForFigures({ select, where }: Pick<GaqlQuery, 'select' | 'where'>): boolean {
  const asked = [...select, ...where.map(({ column }) => column)]
  return asked.some(({ resource }) => resource === 'metrics' || resource === 'segments')
}

function daysIn(start: string, end: string): string[] {
  const days = Math.round((Date.parse(end) - Date.parse(start)) / DAY_MS) + 1
  return Array.from({ length: Math.max(0, days) }, (_, index) =>
    new Date(Date.parse(start) + index * DAY_MS).toISOString().slice(0, 10),
  )
}

/** The same figures every time, but for conversions that have not come in yet. Now and then a day has no clicks. */
function metricsOf(id: string, date: string, ageDays: number): JsonObject {
  const seed = [...`${id}${date}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7)
  const clicks = seed % 10
  const all = seed % 7
  const conversions = ageDays >= LATE_DAYS ? all : Math.floor((all * ageDays) / LATE_DAYS)
  return {
    impressions: String(100 + seed),
    clicks: String(clicks),
    costMicros: String(clicks * 1_230_000),
    conversions,
    conversionsValue: conversions * 45.5,
    allConversions: conversions + 0.5,
    viewThroughConversions: String(seed % 3),
  }
}
