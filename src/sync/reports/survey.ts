// Types alone: a thread of its own loads this file, and all connectors would take it half a second and many megabytes.
import type { Cell, CommonSource, ReportSpec, Row } from '../../connectors/index.ts'
import { ColumnFinder, type FileColumn } from './columns.ts'

/** The part of a report that a request wants. */
export interface WantedFields {
  readonly spec: ReportSpec
  readonly fields: readonly string[]
  /** Of the fields, those that are read from others. */
  readonly common: readonly CommonSource[]
}

export interface Surveyed {
  readonly columns: readonly FileColumn[]
  readonly records: number
  /** Last date with data. */
  readonly watermark: string | undefined
}

/** Finds the columns of rows. The types are known only after all rows. */
export class Survey {
  /** Adds the fields with common names to a row. */
  readonly complete: (row: Row) => Row
  readonly #finder: ColumnFinder
  readonly #asked: ReadonlySet<string>
  readonly #known: ReadonlySet<string>
  #records = 0
  #watermark: string | undefined

  constructor({ spec, fields, common }: WantedFields) {
    this.complete = common.length === 0 ? (row) => row : (row) => ({ ...row, ...commonFields(row, common) })
    this.#asked = new Set([...spec.key, ...fields])
    this.#known = new Set(spec.fields)
    this.#finder = new ColumnFinder([...this.#asked])
  }

  /** @param page complete rows, ordered by date */
  add(page: readonly Row[]): void {
    for (const row of page) this.#finder.add(row)
    this.#records += page.length
    const date = page.at(-1)?.['date']
    if (typeof date === 'string') this.#watermark = date
  }

  /** The requested columns, and those that only the platform knows. */
  get found(): Surveyed {
    const columns = this.#finder.columns.filter(({ name }) => this.#asked.has(name) || !this.#known.has(name))
    return { columns, records: this.#records, watermark: this.#watermark }
  }
}

/**
 * The common fields of a row. Rows are stored without them, so both names of a figure always have the same value. A missing
 * figure stays null.
 */
function commonFields(row: Row, common: readonly CommonSource[]): Row {
  const fields: Record<string, Cell> = {}
  for (const { name, source, isMicros } of common) {
    const value = row[source] ?? null
    fields[name] = isMicros && typeof value === 'number' ? value / 1_000_000 : value
  }
  return fields
}
