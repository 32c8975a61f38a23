import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { expect, it } from 'vitest'
import type { HttpRequest, HttpResponse } from '../../http/http.ts'
import { DEFAULT_BOUNDS, NotAsOrdered } from '../conversation/bounds.ts'
import { rowOf } from '../conversation/download.ts'
import { hostProblem } from '../conversation/file-hosts.ts'
import { ListReader } from '../conversation/read-list.ts'
import { recordsOf } from '../conversation/read-stream.ts'
import { Caveats, reasonOf, rowsOf } from '../platform/caveats.ts'
import type { AccountRef, CampaignChange, Connector, ReportQuery, Since } from '../platform/connector.ts'
import type { Json, Row } from '../platform/rows.ts'
import { type Reply, type Step, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'

interface AnswerText {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly text?: string
  /** The files of an archive. */
  readonly zip?: Readonly<Record<string, string>>
}

/** One step of an example. `progress` is compared only where an example has it. */
type Turn =
  | {
      /**
       * `METHOD address` with its query; base addresses are replaced by their names in braces: `GET {api}/v1/x?a=b`.
       */
      readonly send: string
      /** Compared as a whole; forms as objects. */
      readonly body?: unknown
      /** Headers that the request must have. */
      readonly headers?: Record<string, string>
      /** Whether the request is a write. */
      readonly writes?: boolean
      /** Null for an answer that never comes, to a request that is sent once. */
      readonly answer: AnswerText | null
    }
  | {
      readonly download: string
      readonly body?: unknown
      readonly headers?: Record<string, string>
      readonly answer: AnswerText
      /** The rows that the records become. */
      readonly rows: readonly Row[]
    }
  | { readonly rows: readonly Row[] }
  | { readonly remember: Json }
  | { readonly wait: number }
  | { readonly progress: number }

/** One example: the operation, the steps with their answers, and the expected outcome. */
interface Case {
  readonly title: string
  readonly account?: Partial<AccountRef>
  readonly do:
    | 'accounts'
    | 'campaigns'
    | { readonly campaigns: Partial<Omit<Since, 'caveats'>> }
    | { readonly report: Partial<Omit<ReportQuery, 'account' | 'caveats'>> & { readonly reportType: string } }
    | { readonly create: CampaignChange & { readonly name: string } }
    | { readonly update: readonly [id: string, change: CampaignChange] }
    | { readonly setStatus: readonly [id: string, status: 'active' | 'paused'] }
    | { readonly dailyBudget: string }
    | { readonly upsert: readonly Row[] }
  readonly turns: readonly Turn[]
  /** Expected outcome, compared by the members given; `{ is: 'thrown' }` where the answer cannot be read. */
  readonly outcome: unknown
}

const ACCOUNT: AccountRef = { accountId: '111', currency: 'EUR', timezone: 'Europe/Berlin', settings: {} }
const TOKEN = 'secret-token'

/** Runs one test per example of a JSON file, through the connector's own error table. */
export function playCases(file: URL, connector: Connector): void {
  const cases: Case[] = JSON.parse(readFileSync(file, 'utf8'))
  it.each(cases.map((example) => [example.title, example] as const))('%s', async (_title, example) => {
    expect(await play(example, connector)).toMatchObject(Object(example.outcome))
  })
}

interface AnswerCase {
  readonly title: string
  readonly answer: AnswerText
  /** The class of the answer, and other members to compare. */
  readonly is: unknown
  /** Expected quota; null for none. Not compared where it is absent. */
  readonly used?: unknown
}

/** Runs one test per row of the platform's error table: an answer and its class. */
export function playAnswers(file: URL, connector: Connector): void {
  const cases: AnswerCase[] = JSON.parse(readFileSync(file, 'utf8'))
  it.each(cases.map((example) => [example.title, example] as const))('%s', (_title, { answer, is, used }) => {
    const response = responseOf(answer)
    expect(connector.read(response, 0)).toMatchObject(Object(is))
    if (used === null) expect(connector.usedShare(response)).toBeUndefined()
    else if (used !== undefined) expect(connector.usedShare(response)).toMatchObject(Object(used))
  })
}

async function play(example: Case, connector: Connector): Promise<unknown> {
  const left = [...example.turns]
  const caveats = new Caveats()
  const talk = talkOf(example, connector, caveats)
  let reply: Reply
  let remembers = typeof example.do === 'object' && 'report' in example.do && example.do.report.resume != null
  for (;;) {
    let turn: IteratorResult<Step, unknown>
    try {
      turn = talk.next(reply)
    } catch (error) {
      expect(left, 'all of these were to happen').toEqual([])
      const is =
        error instanceof TalkFailed ? 'unavailable' : error instanceof TalkRefused ? 'refused' : 'thrown'
      return { is, detail: reasonOf(error) }
    }
    if (turn.done) {
      expect(left, 'all of these were to happen').toEqual([])
      return { is: 'done', value: withCaveats(turn.value, caveats) }
    }
    const step = turn.value
    reply = undefined
    if (step.is === 'progress' && !(left[0] && 'progress' in left[0])) continue
    const elsewhere = step.is === 'download' ? hostProblem(connector, step.request.url) : undefined
    if (elsewhere !== undefined) {
      expect(left, 'all of these were to happen').toEqual([])
      return { is: 'refused', detail: elsewhere }
    }
    const expected = left.shift()
    expect(expected, `nothing more was to happen than ${JSON.stringify(step)}`).toBeDefined()
    if (!expected) continue
    const happened = await seen(step, expected, connector, caveats).catch((error) => {
      if (error instanceof NotAsOrdered) return error
      throw error
    })
    if (happened instanceof NotAsOrdered) {
      expect(left, 'all of these were to happen').toEqual([])
      return { is: 'refused', detail: happened.message }
    }
    expect(happened).toEqual(wanted(expected))
    if (step.is === 'remember') remembers = true
    if (step.is === 'wait') expect(remembers, 'a wait that nothing was remembered before').toBe(true)
    if (!('request' in step) || !('answer' in expected)) continue
    if (expected.answer === null) {
      expect(step, 'only a request that is sent once may stay without an answer').toMatchObject({
        once: true,
      })
      continue
    }
    const streamed = step.is === 'stream' ? await readList(step, expected.answer, caveats) : undefined
    const answer = connector.read(streamed?.response ?? responseOf(expected.answer), 0)
    if (streamed && answer.is === 'ok') {
      const next = left[0] && 'rows' in left[0] && !('download' in left[0]) ? left.shift() : { rows: [] }
      expect({ rows: streamed.rows }).toEqual(next)
    }
    if (step.is === 'download' && (expected.answer.status ?? 200) < 300) continue
    if (step.is === 'download') continue
    if (answer.is === 'ok' || (answer.is === 'refused' && step.mayRefuse)) reply = answer
    else if (answer.is === 'forbidden' && step.mayForbid) reply = { is: 'refused', detail: answer.detail }
    else {
      expect(left, 'all of these were to happen').toEqual([])
      return answer
    }
  }
}

/** The rows of a list, and the rest of the answer. */
async function readList(
  step: Extract<Step, { is: 'stream' }>,
  given: AnswerText,
  caveats: Caveats,
): Promise<{ readonly response: HttpResponse; readonly rows: readonly Row[] }> {
  const response = responseOf(given)
  if (response.status >= 300) return { response, rows: [] }
  const list = new ListReader(step, DEFAULT_BOUNDS.recordBytes)
  const toRow = step.reader()
  const rows: Row[] = []
  for await (const items of list.items(Readable.from([Buffer.from(response.body)])))
    rows.push(...rowsOf(caveats, items, (item) => toRow(item, list.around)))
  return { response: { ...response, body: '', json: { is: 'json', body: list.around } }, rows }
}

/** A result with all caveats that were collected. */
function withCaveats(value: unknown, { texts }: Caveats): unknown {
  if (value === null || typeof value !== 'object' || !('caveats' in value)) return value ?? null
  return { ...value, caveats: [...(Array.isArray(value.caveats) ? value.caveats : []), ...texts] }
}

function talkOf(example: Case, connector: Connector, caveats: Caveats): Talk<unknown> {
  const { do: asked } = example
  const account = { ...ACCOUNT, ...example.account }
  if (asked === 'accounts') return connector.accounts(account.settings)
  const nothing = { resume: undefined, cursor: undefined, caveats }
  if (asked === 'campaigns') return connector.campaigns(account, nothing)
  if ('campaigns' in asked) return connector.campaigns(account, { ...nothing, ...asked.campaigns })
  if ('report' in asked) {
    const { reportType } = asked.report
    const fields = connector.reports[reportType]?.fields ?? []
    return connector.report({
      ...nothing,
      account,
      range: undefined,
      fields,
      ...asked.report,
    })
  }
  if ('upsert' in asked) {
    if (!connector.upsert) throw new Error('this connector takes no records')
    return connector.upsert(account, asked.upsert)
  }
  const { write } = connector
  if (!write) throw new Error('this connector does not write')
  if ('dailyBudget' in asked) return write.dailyBudget(account, asked.dailyBudget)
  if ('create' in asked) return write.create(account, asked.create)
  return 'update' in asked
    ? write.update(account, ...asked.update)
    : write.setStatus(account, ...asked.setStatus)
}

/** A step in the form of the examples. */
async function seen(step: Step, expected: Turn, connector: Connector, caveats: Caveats): Promise<unknown> {
  switch (step.is) {
    case 'ask':
    case 'stream':
      return {
        send: addressOf(step.request, connector),
        writes: step.is === 'ask' && (step.writes ?? false),
        ...contentOf(step.request, expected, connector),
      }
    case 'download': {
      const rows: Row[] = []
      if ('answer' in expected && expected.answer && (expected.answer.status ?? 200) < 300) {
        const stream = Readable.from([packed(expected.answer, step)])
        for await (const found of recordsOf(stream, step, DEFAULT_BOUNDS)) {
          const row = rowOf(step, found, caveats)
          if (row) rows.push(row)
        }
      }
      return {
        download: addressOf(step.request, connector),
        rows,
        ...contentOf(step.request, expected, connector),
      }
    }
    case 'rows':
      return { rows: step.rows }
    case 'remember':
      return { remember: step.state }
    case 'wait':
      return { wait: step.ms }
    case 'progress':
      return { progress: step.share }
  }
}

function wanted(expected: Turn): unknown {
  if ('answer' in expected) {
    const { answer: _, headers = {}, ...rest } = expected
    return { body: undefined, headers, ...('send' in rest ? { writes: false } : {}), ...rest }
  }
  return expected
}

/** The body, and those headers that the example names. */
function contentOf(request: HttpRequest, expected: Turn, connector: Connector) {
  const { headers } = connector.authorize(request, TOKEN)
  const named = 'headers' in expected ? Object.keys(expected.headers ?? {}) : []
  return {
    body: opened(request.body),
    headers: Object.fromEntries(named.map((name) => [name, headers[name]])),
  }
}

function addressOf({ method, url }: HttpRequest, { baseUrls }: Connector): string {
  const base = Object.entries(baseUrls)
    .filter(([, address]) => url.startsWith(address))
    .sort(([, one], [, other]) => other.length - one.length)[0]
  const address = base ? `{${base[0]}}${url.slice(base[1].length)}` : url
  return `${method} ${decodeURIComponent(address)}`
}

function opened(body: string | undefined): unknown {
  if (body === undefined || /^[[{]/.test(body)) return body && JSON.parse(body)
  const fields = [...new URLSearchParams(body)]
  return Object.fromEntries(
    fields.map(([name, value]) => [name, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  )
}

/** The answer to a download, packed as the step expects it. */
function packed(answer: AnswerText, { gzip }: { readonly gzip: boolean | 'if_packed' }): Uint8Array {
  if (answer.zip) {
    const files = Object.entries(answer.zip).map(([name, text]) => [name, Buffer.from(text)] as const)
    return zipSync(Object.fromEntries(files))
  }
  const { body } = responseOf(answer)
  return gzip ? gzipSync(body) : Buffer.from(body)
}

const responseOf = ({ status = 200, headers = {}, body, text }: AnswerText): HttpResponse => ({
  status,
  headers,
  body: text ?? (body === undefined ? '' : JSON.stringify(body)),
})
