import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { JSONParser, TokenType } from '@streamparser/json'
import { parse } from 'csv-parse'
import { JsonTooDeep, MAX_JSON_DEPTH, parseJson } from '../../json.ts'
import type { Encoding } from '../connectors/read-connector.ts'
import { zippedFiles } from './read-zip.ts'

type Fields = Readonly<Record<string, unknown>>

/** No line of a report is longer; one that never ends would fill the memory. */
const MAX_RECORD_BYTES = 1024 * 1024

/** Bytes and records that are parsed in one go, some tenths of a millisecond; then the event loop is given a turn. */
const SLICE_BYTES = 8 * 1024
const SLICE_RECORDS = 250
/** Of an archive: what is packed best becomes a thousand times as long, all of it at once. */
const ZIP_SLICE_BYTES = 1024

/** How a download is packed, and what a file in CSV must be. */
export interface Packing {
  readonly encoding: Encoding
  readonly gzip: boolean | 'if_packed'
  readonly archive?: 'zip'
  readonly endsAt?: 'blank_line'
  readonly isNote?: RegExp
  readonly problemOf?: (columns: readonly string[]) => string | undefined
}

/** The file is whole and not what was ordered: it would come again. */
export class NotAsOrdered extends Error {}

/** A record of a report, or why a line of it is none; and the file of an archive that it is in. */
export type Found =
  | { readonly is: 'record'; readonly record: Fields; readonly file: string }
  | { readonly is: 'bad_line'; readonly reason: string; readonly file: string }
  /** The last line has no line break behind it, so it may have been cut. */
  | { readonly is: 'open_end'; readonly file: string }

/**
 * The records of a downloaded report, one after the other. Throws when the file is cut off or malformed, and
 * {@link NotAsOrdered} when it is another one.
 */
export async function* recordsOf(body: Readable, packing: Packing): AsyncGenerator<Found> {
  const { gzip, archive } = packing
  if (archive === 'zip') {
    for await (const { name, content } of zippedFiles(slicesOf(body, ZIP_SLICE_BYTES)))
      for await (const found of recordsIn(Readable.from(content), packing, name)) yield found
    return
  }
  const text = gzip === 'if_packed' ? await unpacked(body) : gzip ? unzipped(body) : body
  let records = 0
  for await (const found of recordsIn(text, packing, '')) {
    yield found
    records += 1
    if (records % SLICE_RECORDS === 0) await turn()
  }
}

async function* recordsIn(text: Readable, packing: Packing, file: string): AsyncGenerator<Found> {
  if (packing.encoding === 'csv') {
    yield* csv(text, packing, file)
    return
  }
  const records = packing.encoding === 'json_lines' ? jsonLines(text) : jsonArray(text)
  for await (const record of records) yield { is: 'record', record, file }
}

async function* csv(body: Readable, packing: Packing, file: string): AsyncGenerator<Found> {
  const { endsAt, isNote, problemOf } = packing
  const end = { isOpen: false }
  const text = Readable.from(watchingEnd(slicesOf(body), end))
  const parser = text.pipe(
    forwardErrors(
      text,
      parse({
        bom: true,
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: endsAt === undefined,
        max_record_size: MAX_RECORD_BYTES,
      }),
    ),
  )
  let columns: readonly string[] | undefined
  const lines: AsyncIterable<readonly string[]> = parser
  for await (const cells of lines) {
    if (columns === undefined) {
      columns = columnsOf(cells, problemOf)
      continue
    }
    if (endsAt === 'blank_line' && cells.length <= 1 && (cells[0] ?? '') === '') return
    if (isNote?.test(cells[0] ?? '')) continue
    if (cells.length < columns.length)
      throw new Error(`the file is cut: a line has ${cells.length} of ${columns.length} columns`)
    if (cells.length > columns.length)
      yield { is: 'bad_line', reason: 'it has more cells than there are columns', file }
    else yield { is: 'record', record: Object.fromEntries(columns.map((name, i) => [name, cells[i]])), file }
  }
  // Of an archive a file may be.
  if (columns === undefined && file === '') throw new Error('the file is empty')
  if (end.isOpen) yield { is: 'open_end', file }
}

/** Pages and answers that come in place of a file begin so. */
const IS_OTHER = /^\s*[<{[]/

function columnsOf(cells: readonly string[], problemOf: Packing['problemOf']): readonly string[] {
  const [first = ''] = cells
  const begins = JSON.stringify(first.slice(0, 60))
  if (IS_OTHER.test(first)) throw new Error(`the answer is no file in CSV: it begins with ${begins}`)
  const problem = problemOf?.(cells)
  if (problem !== undefined)
    throw new NotAsOrdered(`the file is not what was ordered: ${problem}; its first column is ${begins}`)
  return cells
}

async function* slicesOf(body: Readable, bytes = SLICE_BYTES): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece)
    for (let from = 0; from < chunk.length; from += bytes) {
      if (from > 0) await turn()
      yield chunk.subarray(from, from + bytes)
    }
  }
}

/** @param end is told whether the text ends without a line break */
async function* watchingEnd(slices: AsyncIterable<Buffer>, end: { isOpen: boolean }): AsyncGenerator<Buffer> {
  for await (const slice of slices) {
    // The last byte but a zero, which ends a line break of UTF-16.
    const last = slice.at(-1) === 0 ? slice.at(-2) : slice.at(-1)
    end.isOpen = last !== LINE_FEED && last !== CARRIAGE_RETURN
    yield slice
  }
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** `pipe` does not hand errors on. */
function forwardErrors<T extends { destroy(error: Error): unknown }>(from: Readable, to: T): T {
  from.once('error', (error) => to.destroy(error))
  return to
}

function unzipped(body: Readable): Readable {
  return body.pipe(forwardErrors(body, createGunzip()))
}

const GZIP = Buffer.from([0x1f, 0x8b])

/** Unzips what begins as a zipped file does. */
async function unpacked(body: Readable): Promise<Readable> {
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

async function* jsonLines(text: Readable): AsyncGenerator<Fields> {
  let line: Buffer[] = []
  let bytes = 0
  const whole = (): string => Buffer.concat(line).toString('utf8').trim()
  for await (const slice of slicesOf(text)) {
    let from = 0
    for (let at = slice.indexOf(LINE_FEED); at >= 0; at = slice.indexOf(LINE_FEED, from)) {
      line.push(slice.subarray(from, at))
      from = at + 1
      const record = whole()
      line = []
      bytes = 0
      if (record !== '') yield fieldsOf(parseJson(record))
    }
    line.push(slice.subarray(from))
    bytes += slice.length - from
    if (bytes > MAX_RECORD_BYTES) throw tooLong()
  }
  const record = whole()
  if (record !== '') yield fieldsOf(parseJson(record))
}

async function* jsonArray(text: Readable): AsyncGenerator<Fields> {
  const parser = new JSONParser({ paths: ['$.*'], keepStack: false })
  let found: Fields[] = []
  let ended = false
  let bytes = 0
  let depth = 0
  parser.onValue = ({ value }) => {
    found.push(fieldsOf(value))
  }
  parser.onEnd = () => {
    ended = true
  }
  parser.onToken = ({ token }) => {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) depth += 1
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) depth -= 1
    if (depth > MAX_JSON_DEPTH) throw new JsonTooDeep()
  }
  for await (const slice of slicesOf(text)) {
    parser.write(slice)
    bytes = found.length > 0 ? 0 : bytes + slice.length
    if (bytes > MAX_RECORD_BYTES) throw tooLong()
    yield* found
    found = []
  }
  if (!ended) throw new Error('the report ends in the middle')
}

const tooLong = () => new Error(`a record is longer than ${MAX_RECORD_BYTES} bytes`)

function fieldsOf(value: unknown): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error('a record is no object')
  return Object.fromEntries(Object.entries(value))
}
