import type { Cell, Row } from '../connectors/read-connector.ts'
import type { Column } from './columns.ts'

/** RFC 4180, and no cell that a spreadsheet would take for a formula. */
export async function* csvOf(
  columns: readonly Column[],
  batches: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield `${columns.map(({ name }) => quoted(name)).join(',')}\r\n`
  for await (const batch of batches) {
    const lines = batch.map((row) => columns.map(({ name }) => quoted(row[name])).join(','))
    yield `${lines.join('\r\n')}\r\n`
  }
}

function quoted(value: Cell | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One JSON document: what is said of the data, then the rows. */
export async function* jsonOf(
  metadata: object,
  batches: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield `{"metadata":${JSON.stringify(metadata)},"rows":[`
  let first = true
  for await (const batch of batches) {
    for (const row of batch) {
      yield `${first ? '' : ','}\n${JSON.stringify(row)}`
      first = false
    }
  }
  yield '\n]}\n'
}
