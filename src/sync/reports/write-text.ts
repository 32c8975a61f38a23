import type { Cell, Row } from '../../connectors/index.ts'
import type { FileColumn } from './columns.ts'

/** How a formula begins; the wide signs are read like the others where they are in use. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** CSV by RFC 4180, without cells that a spreadsheet would run as a formula. */
export async function* csvOf(
  columns: readonly FileColumn[],
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
  const safe = FORMULA.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One JSON document: metadata first, then the rows. */
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
