import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { type ColumnSource, fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { Cell, Row } from '../../connectors/index.ts'
import { makeOwn } from '../../storage/index.ts'
import type { FileColumn } from './columns.ts'

/** Rows of a group; only one group is in memory. */
const GROUP = 5_000

/** Writes a parquet file group by group. It appears under its name when it is complete and on the disk. */
export class ParquetFile {
  readonly #path: string
  readonly #columns: readonly FileColumn[]
  readonly #writer: ParquetWriter
  #group: Cell[][]
  #rows = 0

  /** @param metadata key-value metadata of the file */
  constructor(path: string, columns: readonly FileColumn[], metadata: Readonly<Record<string, string>>) {
    this.#path = path
    this.#columns = columns
    makeOwn(this.#part)
    const empty = columns.map(({ name, type }): ColumnSource => ({ name, type, data: [] }))
    this.#writer = new ParquetWriter({
      writer: fileWriter(this.#part),
      schema: schemaFromColumnData({ columnData: empty }),
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy: 'bidwarden',
    })
    this.#group = columns.map(() => [])
  }

  add(row: Row): void {
    for (const [i, column] of this.#columns.entries()) this.#group[i]?.push(cellOf(row[column.name], column))
    this.#rows += 1
    if (this.#rows === GROUP) this.#flush()
  }

  /** Completes the file and returns its size in bytes. */
  end(): number {
    if (this.#rows > 0) this.#flush()
    this.#writer.finish()
    const file = openSync(this.#part, 'r+')
    try {
      fsyncSync(file)
      const { size } = fstatSync(file)
      renameSync(this.#part, this.#path)
      return size
    } finally {
      closeSync(file)
    }
  }

  /** Deletes the unfinished file. */
  drop(): void {
    rmSync(this.#part, { force: true })
  }

  get #part(): string {
    return `${this.#path}.part`
  }

  #flush(): void {
    const columnData = this.#columns.map(
      ({ name, type }, i): ColumnSource => ({ name, type, data: this.#group[i] ?? [] }),
    )
    this.#writer.write({ columnData, rowGroupSize: GROUP })
    this.#group = this.#columns.map(() => [])
    this.#rows = 0
  }
}

function cellOf(value: Cell | undefined, { type }: FileColumn): Cell {
  if (value === undefined || value === null) return null
  return type === 'STRING' && typeof value !== 'string' ? String(value) : value
}
