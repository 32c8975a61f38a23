import { open, rename } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { type ColumnSource, fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { makeOwn } from '../../disk/index.ts'
import type { Cell, Row } from '../connectors/read-connector.ts'
import type { Column } from './columns.ts'

/** Rows of a group; all that is ever in memory, and no more than can be written within two or three milliseconds. */
const GROUP = 1_000

/**
 * Writes rows to a parquet file, a group at a time; the file appears under its name when it is whole and on the disk.
 * @param metadata what is said of the data, as text by name
 * @returns its size in bytes
 */
export async function writeParquet(
  path: string,
  columns: readonly Column[],
  batches: AsyncIterable<readonly Row[]>,
  metadata: Readonly<Record<string, string>>,
): Promise<number> {
  const part = `${path}.part`
  makeOwn(part)
  const empty = columns.map(({ name, type }): ColumnSource => ({ name, type, data: [] }))
  const writer = new ParquetWriter({
    writer: fileWriter(part),
    schema: schemaFromColumnData({ columnData: empty }),
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: 'bidwarden',
  })
  let group: Cell[][] = columns.map(() => [])
  let rows = 0
  const flush = async () => {
    const columnData = columns.map(
      ({ name, type }, i): ColumnSource => ({ name, type, data: group[i] ?? [] }),
    )
    await writer.write({ columnData, rowGroupSize: GROUP })
    group = columns.map(() => [])
    rows = 0
    await turn()
  }
  for await (const batch of batches) {
    for (const row of batch) {
      for (let i = 0; i < columns.length; i++) {
        const column = columns[i]
        if (column) group[i]?.push(cellOf(row[column.name], column))
      }
      rows += 1
      if (rows === GROUP) await flush()
    }
  }
  if (rows > 0) await flush()
  await writer.finish()

  const file = await open(part, 'r+')
  try {
    await file.sync()
    const { size } = await file.stat()
    await rename(part, path)
    return size
  } finally {
    await file.close()
  }
}

function cellOf(value: Cell | undefined, { type }: Column): Cell {
  if (value === undefined || value === null) return null
  return type === 'STRING' && typeof value !== 'string' ? String(value) : value
}
