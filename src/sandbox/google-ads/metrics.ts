import { DAY_MS, daysBetween } from '../days.ts'
import type { JsonObject } from '../protocol.ts'
import { refuse } from './errors.ts'
import type { GaqlQuery, SearchRow } from './query.ts'

/** Conversions arrive during this many days after the click; until then the figure of a day is too low. */
const LATE_DAYS = 7

/** The row once for every day that the query asks figures of, up to today; the row itself if it asks for none. */
export function withFigures(
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
  return daysBetween(Date.parse(start), Date.parse(end < today ? end : today)).map((date) => ({
    ...row,
    metrics: metricsOf(id, date, (Date.parse(today) - Date.parse(date)) / DAY_MS),
    segments: { date },
  }))
}

export function asksForFigures({ select, where }: Pick<GaqlQuery, 'select' | 'where'>): boolean {
  const asked = [...select, ...where.map(({ column }) => column)]
  return asked.some(({ resource }) => resource === 'metrics' || resource === 'segments')
}

/** Always the same figures for a day, except for conversions that have not arrived yet. Some days have no clicks. */
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
