import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { expect, it } from 'vitest'
import type { HttpRequest, HttpResponse } from '../../http.ts'
import { rowOf } from '../run/call.ts'
import { NotAsOrdered, recordsOf } from '../run/read-stream.ts'
import { Caveats, reasonOf } from './caveats.ts'
import {
  type AccountRef,
  type CampaignChange,
  type Json,
  type ReadConnector,
  type ReadReply,
  type ReadStep,
  type ReadTalk,
  type ReportQuery,
  type Row,
  type Since,
  TalkRefused,
} from './read-connector.ts'

interface AnswerText {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly text?: string
  /** The files of an archive. */
  readonly zip?: Readonly<Record<string, string>>
}

/** What happens in turn. `progress` is only compared where an example names it. */
type Turn =
  | {
      /** `METHOD address` with its query, base addresses replaced by their names in braces: `GET {api}/v1/x?a=b`. */
      readonly send: string
      /** Compared whole; forms as objects. */
      readonly body?: unknown
      /** Headers that must be there. */
      readonly headers?: Record<string, string>
      /** Whether the request says that it changes something. */
      readonly writes?: boolean
      /** Null for one that never comes, to a request that is sent once. */
      readonly answer: AnswerText | null
    }
  | {
      readonly download: string
      readonly body?: unknown
      readonly headers?: Record<string, string>
      readonly answer: AnswerText
      /** What the records become. */
      readonly rows: readonly Row[]
    }
  | { readonly rows: readonly Row[] }
  | { readonly remember: Json }
  | { readonly wait: number }
  | { readonly progress: number }

/** One example: what is asked, what is sent and answered in turn, what it comes to. */
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
  /** What it comes to, compared by what is named; `{ is: 'thrown' }` where the answer was not understood. */
  readonly outcome: unknown
}

const ACCOUNT: AccountRef = { accountId: '111', currency: 'EUR', timezone: 'Europe/Berlin', settings: {} }
const TOKEN = 'secret-token'

/** A test per example of a JSON file, played through the connector's own error table. */
export function playCases(file: URL, connector: ReadConnector): void {
  const cases: Case[] = JSON.parse(readFileSync(file, 'utf8'))
  it.each(cases.map((example) => [example.title, example] as const))('%s', async (_title, example) => {
    expect(await play(example, connector)).toMatchObject(Object(example.outcome))
  })
}

interface AnswerCase {
  readonly title: string
  readonly answer: AnswerText
  /** The class and what else is named of it. */
  readonly is: unknown
  /** What is said of the quota; null for nothing. Not compared where it is absent. */
  readonly used?: unknown
}

/** A test per row of the platform's error table: an answer, and what it is taken for. */
export function playAnswers(file: URL, connector: ReadConnector): void {
  const cases: AnswerCase[] = JSON.parse(readFileSync(file, 'utf8'))
  it.each(cases.map((example) => [example.title, example] as const))('%s', (_title, { answer, is, used }) => {
    const response = responseOf(answer)
    expect(connector.read(response, 0)).toMatchObject(Object(is))
    if (used === null) expect(connector.usedShare(response)).toBeUndefined()
    else if (used !== undefined) expect(connector.usedShare(response)).toMatchObject(Object(used))
  })
}

async function play(example: Case, connector: ReadConnector): Promise<unknown> {
  const left = [...example.turns]
  const caveats = new Caveats()
  const talk = talkOf(example, connector, caveats)
  let reply: ReadReply
  let remembers = typeof example.do === 'object' && 'report' in example.do && example.do.report.resume != null
  for (;;) {
    let turn: IteratorResult<ReadStep, unknown>
    try {
      turn = talk.next(reply)
    } catch (error) {
      expect(left, 'all of these were to happen').toEqual([])
      return { is: error instanceof TalkRefused ? 'refused' : 'thrown', detail: reasonOf(error) }
    }
    if (turn.done) {
      expect(left, 'all of these were to happen').toEqual([])
      return { is: 'done', value: withCaveats(turn.value, caveats) }
    }
    const step = turn.value
    reply = undefined
    if (step.is === 'progress' && !(left[0] && 'progress' in left[0])) continue
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
    if ((step.is !== 'ask' && step.is !== 'download') || !('answer' in expected)) continue
    if (expected.answer === null) {
      expect(step, 'only a request that is sent once may stay without an answer').toMatchObject({
        once: true,
      })
      continue
    }
    const answer = connector.read(responseOf(expected.answer), 0)
    if (step.is === 'download' && (expected.answer.status ?? 200) < 300) continue
    if (answer.is !== 'ok' && !(step.is === 'ask' && answer.is === 'refused' && step.mayRefuse)) {
      expect(left, 'all of these were to happen').toEqual([])
      return answer
    }
    if (step.is === 'ask') reply = answer
  }
}

/** A result says everything that was gathered. */
function withCaveats(value: unknown, { texts }: Caveats): unknown {
  if (value === null || typeof value !== 'object' || !('caveats' in value)) return value ?? null
  return { ...value, caveats: [...(Array.isArray(value.caveats) ? value.caveats : []), ...texts] }
}

function talkOf(example: Case, connector: ReadConnector, caveats: Caveats): ReadTalk<unknown> {
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

/** A step in the words of the examples. */
async function seen(
  step: ReadStep,
  expected: Turn,
  connector: ReadConnector,
  caveats: Caveats,
): Promise<unknown> {
  switch (step.is) {
    case 'ask':
      return {
        send: addressOf(step.request, connector),
        writes: step.writes ?? false,
        ...contentOf(step.request, expected, connector),
      }
    case 'download': {
      const rows: Row[] = []
      if ('answer' in expected && expected.answer && (expected.answer.status ?? 200) < 300) {
        const stream = Readable.from([packed(expected.answer, step)])
        for await (const found of recordsOf(stream, step)) {
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

/** The body, and of the headers those that the example names. */
function contentOf(request: HttpRequest, expected: Turn, connector: ReadConnector) {
  const { headers } = connector.authorize(request, TOKEN)
  const named = 'headers' in expected ? Object.keys(expected.headers ?? {}) : []
  return {
    body: opened(request.body),
    headers: Object.fromEntries(named.map((name) => [name, headers[name]])),
  }
}

function addressOf({ method, url }: HttpRequest, { baseUrls }: ReadConnector): string {
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

/** What a download is answered with, packed as the step expects it. */
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
