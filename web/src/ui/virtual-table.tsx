import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useMemo, useRef } from 'react'
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
const OVERSCAN = 12
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
  const table = useTable({ features, columns: defined, data: rows, getRowId: keyOf })
  const all = table.getRowModel().rows
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => all[at]?.id ?? at,
    overscan: OVERSCAN,
  })
  const template = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') }
  const classOf = (id: string) => (columns.find((one) => one.id === id)?.isNumber ? 'number' : undefined)
  return (
    <section
      className="virtual-scroller"
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
      tabIndex={0}
      aria-label={label}
      onScroll={onScrolled && (({ currentTarget }) => onScrolled(currentTarget.scrollTop >= ROW_PX))}
    >
      <table className="virtual-table" aria-label={label} aria-rowcount={all.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} style={template} aria-rowindex={1}>
              {group.headers.map((header) => (
                <th scope="col" key={header.id} className={classOf(header.column.id)}>
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start, key }) => (
            <tr
              key={key}
              aria-rowindex={index + 2}
              style={{ ...template, height: ROW_PX, transform: `translateY(${start}px)` }}
            >
              {all[index]?.getAllCells().map((cell) => (
                <td key={cell.id} className={classOf(cell.column.id)}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
