import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TokenType } from '@streamparser/json'
import { CsvError, parse } from 'csv-parse'
import { parseExactly } from '../../json/json.ts'
import { turn } from '../../time/slices.ts'
import type { Packing } from '../platform/steps.ts'
import { type Bounds, NotAsOrdered, TooMuch, tooLong } from './bounds.ts'
import { jsonParser, slicesOf } from './json-parts.ts'
import { zippedFiles } from './read-zip.ts'

type Fields = Readonly<Record<string, unknown>>

/** Records yielded between two turns of the event loop: a few tenths of a millisecond. */
const SLICE_RECORDS = 250
/** Bytes of an archive unzipped at a time: they may become a thousand times as many, all at once. */
const ZIP_SLICE_BYTES = 1024

type Unpacking = Pick<Bounds, 'unpackedBytes' | 'recordBytes'>
interface Unpacked extends Unpacking {
  bytes: number
}

/** Number of files in an archive that are ordered ones; it may contain others. */
interface Ordered {
  files: number
}

/** A record of a report with its file in an archive, or why a line is not a record. */
export type ReadLine =
  | { readonly is: 'record'; readonly record: Fields; readonly file: string }
  | { readonly is: 'bad_line'; readonly reason: string; readonly file: string }
  /** The last line has no line break, so it may be cut off. */
  | { readonly is: 'open_end'; readonly file: string }

/**
 * Yields the records of a downloaded report. Throws when the file is cut off or malformed, and {@link NotAsOrdered}
 * when it is another file.
 */
export async function* recordsOf(
  body: Readable,
  packing: Packing,
  bounds: Unpacking,
): AsyncGenerator<ReadLine> {
  const { gzip, archive } = packing
  const unpacked = { ...bounds, bytes: 0 }
  if (archive === 'zip') {
    const ordered = { files: 0 }
    for await (const { name, content } of zippedFiles(slicesOf(body, ZIP_SLICE_BYTES)))
      for await (const found of recordsIn(Readable.from(content), packing, name, unpacked, ordered))
        yield found
    if (ordered.files === 0) throw new Error('the archive has none of the files that were ordered')
    return
  }
  const text = gzip === 'if_packed' ? await unzippedIfPacked(body) : gzip ? unzipped(body) : body
  let records = 0
  for await (const found of recordsIn(text, packing, '', unpacked)) {
    yield found
    records += 1
    if (records % SLICE_RECORDS === 0) await turn()
  }
}

async function* recordsIn(
  text: Readable,
  packing: Packing,
  file: string,
  unpacked: Unpacked,
  ordered: Ordered = { files: 0 },
): AsyncGenerator<ReadLine> {
  const slices = counted(slicesOf(text), unpacked)
  if (packing.encoding === 'csv') {
    yield* csv(slices, packing, { file, ordered, maxRecordBytes: unpacked.recordBytes })
    return
  }
  const records = (packing.encoding === 'json_lines' ? jsonLines : jsonArray)(slices, unpacked.recordBytes)
  for await (const record of records) yield { is: 'record', record, file }
}

/** Counts unzipped bytes, which may be a thousand times the zipped ones. */
async function* counted(slices: AsyncIterable<Buffer>, unpacked: Unpacked): AsyncGenerator<Buffer> {
  for await (const slice of slices) {
    unpacked.bytes += slice.length
    if (unpacked.bytes > unpacked.unpackedBytes)
      throw new TooMuch(`unpacked, the file is longer than ${unpacked.unpackedBytes} bytes`)
    yield slice
  }
}

interface CsvFile {
  /** File in an archive; otherwise empty. */
  readonly file: string
  readonly ordered: Ordered
  readonly maxRecordBytes: number
}

async function* csv(
  slices: AsyncIterable<Buffer>,
  { endsAt, isNote, problemOf }: Packing,
  { file, ordered, maxRecordBytes }: CsvFile,
): AsyncGenerator<ReadLine> {
  const end = { isOpen: false }
  const text = Readable.from(watchingEnd(slices, end))
  const parser = text.pipe(
    forwardErrors(
      text,
      parse({
        bom: true,
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: endsAt === undefined,
        max_record_size: maxRecordBytes,
      }),
    ),
  )
  let columns: readonly string[] | undefined
  let isBehind = false
  for await (const cells of linesOf(parser, maxRecordBytes)) {
    if (columns === undefined) {
      columns = columnsOf(cells, file === '' ? problemOf : undefined)
      if (problemOf?.(cells) === undefined) ordered.files += 1
      continue
    }
    const isBlank = cells.length <= 1 && (cells[0] ?? '') === ''
    isBehind ||= endsAt === 'blank_line' && isBlank
    if (isBehind && isBlank) continue
    if (isBehind && !isRecord(cells, columns)) return
    if (isNote?.test(cells[0] ?? '')) continue
    if (cells.length < columns.length)
      throw new Error(`the file is cut: a line has ${cells.length} of ${columns.length} columns`)
    if (cells.length > columns.length)
      yield { is: 'bad_line', reason: 'it has more cells than there are columns', file }
    else yield { is: 'record', record: Object.fromEntries(columns.map((name, i) => [name, cells[i]])), file }
  }
  // In an archive, a file may be empty.
  if (columns === undefined && file === '') throw new Error('the file is empty')
  if (end.isOpen) yield { is: 'open_end', file }
}

/** Whether a line after an empty one is a record all the same; usually notes begin there. */
const isRecord = (cells: readonly string[], columns: readonly string[]): boolean =>
  cells.length === columns.length && cells.filter((cell) => cell !== '').length > NOTE_CELLS
/** Cells of a note: a name and its value. */
const NOTE_CELLS = 2

async function* linesOf(
  parser: AsyncIterable<readonly string[]>,
  maxBytes: number,
): AsyncGenerator<readonly string[]> {
  try {
    yield* parser
  } catch (error) {
    throw error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE' ? tooLong(maxBytes) : error
  }
}

/** Beginning of HTML pages and JSON answers that come in place of a file. */
const IS_OTHER = /^\s*[<{[]/

function columnsOf(cells: readonly string[], problemOf: Packing['problemOf']): readonly string[] {
  const [first = ''] = cells
  const begins = JSON.stringify(first.slice(0, 60))
  if (IS_OTHER.test(first)) throw new Error(`the answer is no file in CSV: it begins with ${begins}`)
  const twice = cells.find((name, index) => name !== '' && cells.indexOf(name) < index)
  if (twice !== undefined)
    throw new NotAsOrdered(`the file has two columns ${JSON.stringify(twice.slice(0, 60))}`)
  const problem = problemOf?.(cells)
  if (problem !== undefined)
    throw new NotAsOrdered(`the file is not what was ordered: ${problem}; its first column is ${begins}`)
  return cells
}

/** @param end set to whether the text ends without a line break */
async function* watchingEnd(slices: AsyncIterable<Buffer>, end: { isOpen: boolean }): AsyncGenerator<Buffer> {
  for await (const slice of slices) {
    // The last byte, without the zero that ends a line break in UTF-16.
    const last = slice.at(-1) === 0 ? slice.at(-2) : slice.at(-1)
    end.isOpen = last !== LINE_FEED && last !== CARRIAGE_RETURN
    yield slice
  }
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Forwards errors, which `pipe` does not. */
function forwardErrors<T extends { destroy(error: Error): unknown }>(from: Readable, to: T): T {
  from.once('error', (error) => to.destroy(error))
  return to
}

function unzipped(body: Readable): Readable {
  return body.pipe(forwardErrors(body, createGunzip()))
}

const GZIP = Buffer.from([0x1f, 0x8b])

/** Unzips a body that begins like a zipped file. */
async function unzippedIfPacked(body: Readable): Promise<Readable> {
  const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  let ended = false
  while (head.length < GZIP.length && !ended) {
    const chunk = await chunks.next()
    if (chunk.done) ended = true
    else head = Buffer.concat([head, chunk.value])
  }
  async function* whole(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head
    for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) yield chunk.value
  }
  const joined = Readable.from(whole())
  return head.subarray(0, GZIP.length).equals(GZIP) ? unzipped(joined) : joined
}

async function* jsonLines(slices: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Fields> {
  let line: Buffer[] = []
  let bytes = 0
  const whole = (): string => Buffer.concat(line).toString('utf8').trim()
  for await (const slice of slices) {
    let from = 0
    for (let at = slice.indexOf(LINE_FEED); at >= 0; at = slice.indexOf(LINE_FEED, from)) {
      line.push(slice.subarray(from, at))
      from = at + 1
      const record = whole()
      line = []
      bytes = 0
      if (record !== '') yield fieldsOf(parseExactly(record))
    }
    line.push(slice.subarray(from))
    bytes += slice.length - from
    if (bytes > maxBytes) throw tooLong(maxBytes)
  }
  const record = whole()
  if (record !== '') yield fieldsOf(parseExactly(record))
}

async function* jsonArray(slices: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Fields> {
  const parser = jsonParser(['$.*'], (first) => {
    if (first !== TokenType.LEFT_BRACKET) throw new Error('the answer is no list in JSON')
  })
  let found: Fields[] = []
  let ended = false
  let bytes = 0
  parser.onValue = ({ value }) => {
    found.push(fieldsOf(value))
  }
  parser.onEnd = () => {
    ended = true
  }
  for await (const slice of slices) {
    parser.write(slice)
    bytes = found.length > 0 ? 0 : bytes + slice.length
    if (bytes > maxBytes) throw tooLong(maxBytes)
    yield* found
    found = []
  }
  if (!ended) throw new Error('the report ends in the middle')
}

function fieldsOf(value: unknown): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error('a record is no object')
  return Object.fromEntries(Object.entries(value))
}
