import type { Cell, Row } from '../../connectors/index.ts'

/** Column type; `STRING` also holds a column with numbers in some rows and words in others. */
export type ColumnType = 'BOOLEAN' | 'INT32' | 'DOUBLE' | 'STRING'

export interface FileColumn {
  readonly name: string
  readonly type: ColumnType
}

/** Finds the columns of rows that may have different ones. */
export class ColumnFinder {
  readonly #types = new Map<string, ColumnType | undefined>()

  /** @param fields columns that exist even if no row has a value */
  constructor(fields: readonly string[] = []) {
    for (const field of fields) this.#types.set(field, undefined)
  }

  add(row: Row): void {
    for (const name in row) {
      const value = row[name]
      const known = this.#types.get(name)
      if (value === null || value === undefined) {
        if (!this.#types.has(name)) this.#types.set(name, undefined)
      } else if (known !== 'STRING') {
        const type = typeOf(value)
        if (type !== known) this.#types.set(name, known === undefined ? type : wider(known, type))
      }
    }
  }

  get columns(): FileColumn[] {
    return [...this.#types].map(([name, type]) => ({ name, type: type ?? 'STRING' }))
  }
}

function typeOf(value: Exclude<Cell, null>): ColumnType {
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value === 'string') return 'STRING'
  return (value | 0) === value ? 'INT32' : 'DOUBLE'
}

const wider = (one: ColumnType, other: ColumnType): ColumnType => {
  const numbers = (one === 'INT32' || one === 'DOUBLE') && (other === 'INT32' || other === 'DOUBLE')
  return numbers ? 'DOUBLE' : 'STRING'
}
