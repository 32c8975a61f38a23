import {
  createColumnHelper,
  FlexRender,
  type Row as TableRow,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, type ReactNode, useMemo, useRef } from 'react'
import './virtual-table.css'

export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** Width as a track of a CSS grid: `90px`, `minmax(120px, 1fr)`. */
  readonly width: string
  readonly isNumber?: boolean
  cell(row: Row): ReactNode
}

interface VirtualTableProps<Row extends object> {
  /** Says to a screen reader what is listed. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  keyOf(row: Row): string
  /** Told when the viewer scrolls away from the first row, and when they are back there. */
  readonly onScrolled?: (isAway: boolean) => void
}

/** Height of a row, in pixels; all are alike, so that nothing jumps while rows come. */
const ROW_PX = 36
const OVERSCAN = 6
const features = tableFeatures({})

/** A table of any length: only the rows that are seen are in the page. */
export function VirtualTable<Row extends object>(props: VirtualTableProps<Row>) {
  const { label, rows, columns, keyOf, onScrolled } = props
  const scroller = useRef<HTMLDivElement>(null)
  const defined = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>()
    return helper.columns(
      columns.map(({ id, title, cell }) =>
        helper.display({ id, header: title, cell: ({ row }) => cell(row.original) }),
      ),
    )
  }, [columns])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => {
      const row = rows[at]
      return row === undefined ? at : keyOf(row)
    },
    overscan: OVERSCAN,
  })
  const seen = virtual.getVirtualItems()
  const first = seen[0]?.index ?? 0
  const data = useMemo(() => rows.slice(first, first + seen.length), [rows, first, seen.length])
  // Of the rows that are seen alone: making a model of all of them takes longer than drawing those.
  const table = useTable({ features, columns: defined, data, getRowId: keyOf })
  const model = table.getRowModel().rows
  const template = columns.map(({ width }) => width).join(' ')
  const numbers = useMemo(
    () => new Set(columns.filter(({ isNumber }) => isNumber).map(({ id }) => id)),
    [columns],
  )
  return (
    <section
      className="virtual-scroller"
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
      tabIndex={0}
      aria-label={label}
      onScroll={onScrolled && (({ currentTarget }) => onScrolled(currentTarget.scrollTop >= ROW_PX))}
    >
      <table className="virtual-table" aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} style={{ gridTemplateColumns: template }} aria-rowindex={1}>
              {group.headers.map((header) => (
                <th
                  scope="col"
                  key={header.id}
                  className={numbers.has(header.column.id) ? 'number' : undefined}
                >
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody style={{ height: virtual.getTotalSize() }}>
          {model.map((row, at) => (
            <DrawnOnce
              key={row.id}
              row={row}
              index={first + at}
              startPx={seen[at]?.start ?? 0}
              template={template}
              numbers={numbers}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface DrawnProps<Row extends object> {
  readonly row: TableRow<typeof features, Row>
  readonly index: number
  readonly startPx: number
  readonly template: string
  /** Columns of numbers, by their ids. */
  readonly numbers: ReadonlySet<string>
}

/** A row where it belongs. It is moved whenever rows come above it; its cells stay as they are. */
function Drawn<Row extends object>({ row, index, startPx, template, numbers }: DrawnProps<Row>) {
  const style = {
    gridTemplateColumns: template,
    height: ROW_PX,
    transform: `translateY(${startPx}px)`,
  }
  return (
    <tr aria-rowindex={index + 2} style={style}>
      <CellsOnce row={row} numbers={numbers} />
    </tr>
  )
}

const DrawnOnce = memo(
  Drawn,
  (was, is) =>
    was.row.original === is.row.original &&
    was.index === is.index &&
    was.startPx === is.startPx &&
    was.template === is.template &&
    was.numbers === is.numbers,
) as typeof Drawn

type CellsProps<Row extends object> = Pick<DrawnProps<Row>, 'row' | 'numbers'>

function Cells<Row extends object>({ row, numbers }: CellsProps<Row>): ReactNode {
  return row.getAllCells().map((cell) => (
    <td key={cell.id} className={numbers.has(cell.column.id) ? 'number' : undefined}>
      <FlexRender cell={cell} />
    </td>
  ))
}

const CellsOnce = memo(
  Cells,
  (was, is) => was.row.original === is.row.original && was.numbers === is.numbers,
) as typeof Cells
