import { type ReportSpec, type Row, withCommonFields } from '../../connectors/index.ts'
import { ColumnFinder, type FileColumn } from './columns.ts'

/** The part of a report that a request wants. */
export interface WantedFields {
  readonly spec: ReportSpec
  readonly fields: readonly string[]
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

  constructor({ spec, fields }: WantedFields) {
    this.complete = withCommonFields(spec, fields)
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
