import type { HealthPoint } from '../../api/conversions.ts'
import { clock } from '../../ui/format.ts'

/** Points of five minutes that one cell stands for: half an hour. */
const POINTS_PER_CELL = 6
/** From the best to the worst, as they are called in the classes of the cells. */
const ORDER = ['nothing', 'healthy', 'degraded', 'unhealthy'] as const
type Cell = { readonly from: string; readonly status: (typeof ORDER)[number] }

/** A day of a platform's health, half an hour a cell; a cell has the worst of its time. */
export function HealthStrip({ points }: { points: readonly HealthPoint[] }) {
  const cells = cellsOf(points)
  if (cells.length === 0) return null
  const bad = cells.filter(({ status }) => status === 'unhealthy' || status === 'degraded')
  const said =
    bad.length === 0
      ? 'No half hour of the last day was bad'
      : `${bad.length} of ${cells.length} half hours of the last day were bad, the latest from ${timeOf(bad.at(-1))}`
  return (
    <div className="strip" role="img" aria-label={said} title={said}>
      {cells.map(({ from, status }) => (
        <i key={from} className={status} />
      ))}
    </div>
  )
}

function cellsOf(points: readonly HealthPoint[]): Cell[] {
  const cells: Cell[] = []
  for (let at = 0; at < points.length; at += POINTS_PER_CELL) {
    const part = points.slice(at, at + POINTS_PER_CELL)
    const worst = Math.max(...part.map(({ status }) => ORDER.indexOf(status ?? 'nothing')))
    cells.push({ from: part[0]?.from ?? '', status: ORDER[worst] ?? 'nothing' })
  }
  return cells
}

const timeOf = (cell: Cell | undefined): string =>
  cell === undefined ? '' : clock(new Date(cell.from), undefined, 'time')
