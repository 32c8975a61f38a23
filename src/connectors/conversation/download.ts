import { type Readable, Transform } from 'node:stream'
import { messageOf } from '../../errors.ts'
import type { HttpRequest, HttpResponse, OpenedResponse, StreamingClient } from '../../http/http.ts'
import { type Clock, every } from '../../time/clock.ts'
import { turn } from '../../time/slices.ts'
import { type Caveats, reasonOf } from '../platform/caveats.ts'
import type { Connector } from '../platform/connector.ts'
import type { Row } from '../platform/rows.ts'
import type { Step } from '../platform/steps.ts'
import { type Bounds, NotAsOrdered, TooMuch } from './bounds.ts'
import { hostProblem, isOwnHost } from './file-hosts.ts'
import { beginningOf } from './read-answer.ts'
import { ListReader } from './read-list.ts'
import { type ReadLine, recordsOf } from './read-stream.ts'

export type RowsStep = Extract<Step, { is: 'download' | 'stream' }>
type DownloadStep = Extract<Step, { is: 'download' }>
type StreamStep = Extract<Step, { is: 'stream' }>

export interface DownloadDeps {
  readonly clock: Clock
  readonly http: StreamingClient
  readonly bounds: Bounds
  /** Refuses files at addresses of this machine or its network, whatever an answer names. */
  readonly publicFilesOnly: boolean
}

/** Where the rows go, and what breaks the download off. */
export interface Sink {
  readonly cancelled: AbortSignal
  onRows(rows: readonly Row[]): Promise<void>
  readonly caveats: Caveats
}

/** The first request of a download; the redirects after it get no credentials. */
export interface First {
  readonly connector: Pick<Connector, 'authorize' | 'baseUrls' | 'fileHosts'>
  readonly request: HttpRequest
  readonly accessToken: string
}

export type Downloaded =
  /** An error, or the rest of an answer with a list; it is classed like every answer. */
  | { readonly is: 'answered'; readonly response: HttpResponse }
  | { readonly is: 'whole' }
  /** Repeating would bring the same file. */
  | { readonly is: 'not_as_ordered'; readonly detail: string }
  | { readonly is: 'too_much' | 'failed' | 'not_sent' | 'no_answer'; readonly detail: string }

/** Wraps errors of our own side during a download, so that the platform is not blamed for them. */
export class StopDownload extends Error {}

/** Number of rows that are passed on together. */
const BATCH = 1_000
/** Items turned into rows between two turns of the event loop. */
const SLICE_ITEMS = 250
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Most redirects that one download follows. */
const MAX_HOPS = 3

/**
 * Sends a download and passes its rows on. A repeated download passes all rows again; their keys prevent duplicates.
 */
export async function download(
  deps: DownloadDeps,
  step: RowsStep,
  first: First,
  sink: Sink,
): Promise<Downloaded> {
  const opening = await follow(deps, step, first, sink.cancelled)
  if (opening.is !== 'opened') return opening
  const { status, headers } = opening
  const body = paced(deps, opening.body)
  const batch = new Batch(deps.bounds, sink)
  try {
    if (status >= 300) return { is: 'answered', response: { status, headers, body: await beginningOf(body) } }
    if (step.is === 'download') {
      for await (const found of recordsOf(body, step, deps.bounds))
        await batch.add(rowOf(step, found, sink.caveats))
      await batch.flush()
      return { is: 'whole' }
    }
    const around = await takeList(step, body, batch, deps.bounds, sink.caveats)
    await batch.flush()
    return { is: 'answered', response: { status, headers, body: '', json: { is: 'json', body: around } } }
  } catch (error) {
    if (error instanceof StopDownload) throw error.cause
    if (error instanceof NotAsOrdered) return { is: 'not_as_ordered', detail: error.message }
    if (error instanceof TooMuch) return { is: 'too_much', detail: error.message }
    // If everything arrived, the file itself is unreadable.
    if (!opening.body.errored) return { is: 'failed', detail: `the file cannot be read: ${messageOf(error)}` }
    return { is: 'no_answer', detail: `the download broke off: ${messageOf(error)}` }
  } finally {
    opening.body.destroy()
  }
}

/** Collects rows and passes them on in batches. */
class Batch {
  readonly #bounds: Bounds
  readonly #sink: Sink
  #rows: Row[] = []
  #count = 0

  constructor(bounds: Bounds, sink: Sink) {
    this.#bounds = bounds
    this.#sink = sink
  }

  async add(row: Row | undefined): Promise<void> {
    if (!row) return
    this.#count += 1
    if (this.#count > this.#bounds.downloadRows)
      throw new TooMuch(`the answer has more than ${this.#bounds.downloadRows} rows`)
    this.#rows.push(row)
    if (this.#rows.length >= BATCH) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#rows.length === 0) return
    const rows = this.#rows
    this.#rows = []
    await this.#sink.onRows(rows)
  }
}

/** Reads an answer with a list and returns the rest of the answer. */
async function takeList(
  step: StreamStep,
  body: Readable,
  batch: Batch,
  bounds: Bounds,
  caveats: Caveats,
): Promise<unknown> {
  const list = new ListReader(step, bounds.recordBytes)
  let items = 0
  const toRow = step.reader()
  for await (const some of list.items(body)) {
    for (const item of some) {
      await batch.add(readable(caveats, () => toRow(item, list.around)))
      items += 1
      if (items % SLICE_ITEMS === 0) await turn()
    }
  }
  return list.around
}

/** Turns a record into a row; an unreadable record gets a caveat and does not affect the others. */
function readable(caveats: Caveats, toRow: () => Row | undefined): Row | undefined {
  try {
    return toRow()
  } catch (error) {
    caveats.leftOut(reasonOf(error))
    return undefined
  }
}

export function rowOf({ toRow }: DownloadStep, found: ReadLine, caveats: Caveats): Row | undefined {
  switch (found.is) {
    case 'record':
      return readable(caveats, () => toRow(found.record, found.file))
    case 'bad_line':
      caveats.leftOut(found.reason)
      return undefined
    case 'open_end':
      caveats.doubt('the file does not end with a line break: its last line may have been cut')
      return undefined
  }
}

type Followed = OpenedResponse | Extract<Downloaded, { is: 'not_as_ordered' }>

/** Opens a download and follows redirects within the platform's hosts. Only the first address gets our credentials. */
async function follow(
  { http, bounds, publicFilesOnly }: DownloadDeps,
  step: RowsStep,
  { connector, request, accessToken }: First,
  cancelled: AbortSignal,
): Promise<Followed> {
  let here = request
  for (let hops = 0; ; hops++) {
    const problem = hostProblem(connector, here.url)
    if (problem !== undefined) return { is: 'not_as_ordered', detail: problem }
    const sent = hops === 0 ? connector.authorize(here, accessToken) : here
    const isOurs = !publicFilesOnly || isOwnHost(connector, here.url)
    const opening = await (isOurs ? http.open : http.openPublic)(sent, bounds.answerMs, cancelled)
    if (opening.is === 'not_allowed') return { is: 'not_as_ordered', detail: opening.detail }
    // Requests to the API itself are not redirected; only downloads are.
    const isSentOn = opening.is === 'opened' && REDIRECTS.has(opening.status) && step.is === 'download'
    if (!isSentOn || hops === MAX_HOPS) return opening
    const location = opening.headers['location'] ?? ''
    if (!URL.canParse(location, here.url)) return opening
    // Destroying an unread body raises an error, which nobody else handles.
    opening.body.on('error', () => {}).destroy()
    here = { method: 'GET', url: new URL(location, here.url).href, headers: {} }
  }
}

/** A download that brings fewer bytes than this in {@link SLOWEST_MS} while it is not waiting for us is broken off. */
const SLOWEST_BYTES = 4 * 1024
const SLOWEST_MS = 60_000

/** Breaks off a body that is too slow, too long or too large. */
function paced({ clock, bounds }: DownloadDeps, body: Readable): Readable {
  let bytes = 0
  let all = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      all += chunk.length
      if (all > bounds.downloadBytes)
        done(new TooMuch(`the answer is longer than ${bounds.downloadBytes} bytes`))
      else done(null, chunk)
    },
  })
  const stopPace = every(clock, SLOWEST_MS, () => {
    const isTooSlow = bytes < SLOWEST_BYTES && counted.readableLength === 0
    bytes = 0
    if (isTooSlow) body.destroy(new Error('it comes too slowly'))
  })
  const stopTime = clock.after(bounds.downloadMs, () => body.destroy(new Error('it was not over in time')))
  body.on('error', (error) => counted.destroy(error))
  // The reader gets this error. Without a reader it must not end the process.
  counted.on('error', () => {})
  counted.once('close', () => {
    stopPace()
    stopTime()
    body.destroy()
  })
  return body.pipe(counted)
}
