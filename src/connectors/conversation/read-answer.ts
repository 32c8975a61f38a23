import type { Readable } from 'node:stream'
import type { HttpResponse } from '../../http/http.ts'
import { textOf, withoutMark } from '../../json/json.ts'
import { TooMuch } from './bounds.ts'
import { jsonParser, slicesOf } from './json-parts.ts'

/** Largest answer that is parsed in one go, in bytes: a few milliseconds. */
const AT_ONCE = 512 * 1024
/** Most bytes read of an error answer. */
const MAX_ERROR_BYTES = 256 * 1024

type Head = Pick<HttpResponse, 'status' | 'headers'>

/**
 * Reads a single answer: a short one as text; long JSON parsed in slices. Of an error only the beginning is read.
 * Throws when the body breaks off, and {@link TooMuch} when it is longer than `maxBytes`.
 */
export async function readAnswer(head: Head, body: Readable, maxBytes: number): Promise<HttpResponse> {
  if (head.status >= 300) return { ...head, body: await beginningOf(body) }
  const chunks: Buffer[] = []
  let size = 0
  const iterator: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  const nextChunk = async () => {
    const { done, value } = await iterator.next()
    size += done ? 0 : value.length
    if (size > maxBytes) throw new TooMuch(`the answer is longer than ${maxBytes} bytes`)
    return done ? undefined : value
  }
  while (size <= AT_ONCE) {
    const chunk = await nextChunk()
    if (!chunk) return { ...head, body: textOf(Buffer.concat(chunks)) }
    chunks.push(chunk)
  }
  async function* whole(): AsyncGenerator<Buffer> {
    yield withoutMark(Buffer.concat(chunks.splice(0)))
    for (let chunk = await nextChunk(); chunk; chunk = await nextChunk()) yield chunk
  }
  return { ...head, body: '', json: await parsedInSlices(whole()) }
}

async function parsedInSlices(body: AsyncIterable<Buffer>): Promise<NonNullable<HttpResponse['json']>> {
  const parser = jsonParser(['$'])
  let value: unknown
  let isWhole = false
  parser.onValue = (found) => {
    value = found.value
    isWhole = true
  }
  let isGarbled = false
  for await (const slice of slicesOf(body)) {
    try {
      parser.write(slice)
    } catch {
      isGarbled = true
      break
    }
  }
  return isWhole && !isGarbled ? { is: 'json', body: value } : { is: 'garbled' }
}

/** Beginning of an error answer. If the body breaks off, what came is enough, since the status tells the error. */
export async function beginningOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_ERROR_BYTES) break
    }
  } catch {
    // The status tells the error.
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ERROR_BYTES)
}
