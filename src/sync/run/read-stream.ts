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

/** How a download is packed. */
export interface Packing {
  readonly encoding: Encoding
  readonly gzip: boolean | 'if_packed'
  readonly archive?: 'zip'
  readonly endsAt?: 'blank_line'
}

/** The records of a downloaded report, one after the other, and the file of an archive each is in. Throws when it is cut off or malformed. */
export async function* recordsOf(
  body: Readable,
  { encoding, gzip, archive, endsAt }: Packing,
): AsyncGenerator<readonly [record: Fields, file: string]> {
  if (archive === 'zip') {
    for await (const { name, content } of zippedFiles(slicesOf(body, ZIP_SLICE_BYTES)))
      for await (const record of recordsIn(Readable.from(content), encoding, endsAt)) yield [record, name]
    return
  }
  const text = gzip === 'if_packed' ? await unpacked(body) : gzip ? unzipped(body) : body
  let records = 0
  for await (const record of recordsIn(text, encoding, endsAt)) {
    yield [record, '']
    records += 1
    if (records % SLICE_RECORDS === 0) await turn()
  }
}

async function* recordsIn(
  text: Readable,
  encoding: Encoding,
  endsAt: Packing['endsAt'],
): AsyncGenerator<Fields> {
  switch (encoding) {
    case 'csv':
      for await (const record of csv(text, endsAt === undefined)) {
        if (endsAt === 'blank_line' && isBlankLine(record)) return
        yield record
      }
      return
    case 'json_lines':
      yield* jsonLines(text)
      return
    case 'json_array':
      yield* jsonArray(text)
  }
}

/** Lines may have fewer cells than the heading, or more. */
function csv(body: Readable, skipsEmptyLines: boolean): AsyncIterable<Fields> {
  const text = Readable.from(slicesOf(body))
  return text.pipe(
    forwardErrors(
      text,
      parse({
        columns: true,
        bom: true,
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: skipsEmptyLines,
        max_record_size: MAX_RECORD_BYTES,
      }),
    ),
  )
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

/** A line without any text is a record of one empty cell. */
function isBlankLine(record: Fields): boolean {
  const cells = Object.values(record)
  return cells.length <= 1 && (cells[0] ?? '') === ''
}

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

const LINE_FEED = 10

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
