import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpResponse } from '../../http/http.ts'
import type {
  AppData,
  BatchAnswer,
  Consent,
  Conversion,
  ConversionConnector,
  CustomData,
  EventVerdict,
  UserData,
} from './conversion-connector.ts'

/** An event as a caller sends it; everything is optional. */
export interface Event {
  readonly event_id?: string
  readonly event_name?: string
  readonly event_time?: string
  readonly action_source?: string
  readonly event_source_url?: string
  readonly user_data?: UserData
  readonly custom_data?: CustomData
  readonly consent?: Consent
  readonly region?: string
  /** Of a mapping. */
  readonly parameters?: Conversion['parameters']
  readonly platformEvent?: string | null
  readonly isNameShared?: boolean
  readonly app_data?: AppData
}

interface Cases {
  /** Credentials of the connection, and access token where the platform wants OAuth. */
  readonly credentials: Record<string, string>
  readonly accessToken?: string
  readonly requests: readonly {
    readonly title: string
    readonly with?: Record<string, string>
    readonly version?: string
    readonly events: readonly Event[]
    readonly url: string
    readonly headers?: Record<string, string>
    readonly body: unknown
  }[]
  readonly faults: readonly {
    readonly title: string
    readonly with?: Record<string, string>
    readonly event: Event
    readonly field: string | null
  }[]
  readonly answers: readonly {
    readonly title: string
    /** Events of the call; three usual ones where nothing is said. */
    readonly events?: readonly Event[]
    readonly with?: Record<string, string>
    readonly status?: number
    readonly headers?: Record<string, string>
    readonly body?: unknown
    readonly text?: string
    /** Compared by the members given here; verdicts of a refused batch as pairs. */
    readonly expect: Record<string, unknown>
  }[]
  readonly tests: readonly {
    readonly title: string
    readonly with?: Record<string, string>
    readonly status?: number
    readonly body: unknown
    readonly expect: unknown
  }[]
}

export const NOW_MS = Date.parse('2026-11-28T12:00:00Z')

/** What most events are like; a case says in what its own differs. */
const USUAL = {
  event_id: 'e1',
  event_name: 'purchase',
  event_time: '2026-11-28T10:00:00.900Z',
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  user_data: {
    email: ' John_Smith@Gmail.com',
    client_ip_address: '203.0.113.9',
    client_user_agent: 'Mozilla/5.0',
    fbc: 'fb.1.1795800000000.IwAR_x-1',
    gclid: 'Cj0K_x-1',
    ttclid: 'E.C.P.x1',
    sc_click_id: 'a-1',
  },
  custom_data: { value: 49.9, currency: 'USD', order_id: 'ord-1' },
} as const satisfies Event

/** Builds what delivery would have stored. */
export function conversionOf<C>(connector: ConversionConnector<C>, event: Event): Conversion {
  const all: Event = { ...USUAL, ...event }
  const eventName = all.event_name ?? ''
  return {
    eventId: all.event_id ?? '',
    eventName,
    platformEvent:
      all.platformEvent === undefined ? connector.events[eventName] : (all.platformEvent ?? undefined),
    parameters: all.parameters ?? {},
    isNameShared: all.isNameShared ?? false,
    eventTimeMs: Date.parse(all.event_time ?? ''),
    actionSource: all.action_source ?? '',
    eventSourceUrl: all.event_source_url || undefined,
    customData: all.custom_data ?? {},
    consent: all.consent,
    identifiers: connector.identifiers(all.user_data ?? {}, all.region),
    appData: all.app_data,
  }
}

const THREE: readonly Event[] = [{ event_id: 'e1' }, { event_id: 'e2' }, { event_id: 'e3' }]

/** Runs one test per example of the JSON file beside the caller. */
export function playConversionCases<C>(file: URL, connector: ConversionConnector<C>): void {
  const cases: Cases = JSON.parse(readFileSync(file, 'utf8'))
  const credentialsOf = (more: Record<string, string> = {}) =>
    connector.credentials.parse({ ...cases.credentials, ...more })
  const built = (events: readonly Event[]) => events.map((event) => conversionOf(connector, event))

  describe('sends', () => {
    it.each(cases.requests.map((each) => [each.title, each] as const))('%s', (_title, each) => {
      const credentials = credentialsOf(each.with)
      const api = connector.apis[connector.apiOf(credentials)]
      if (!api) throw new Error('the connector names an API that it does not have')
      const target = { ...api, ...(each.version && { version: each.version }) }
      const request = connector.send(target, credentials, built(each.events), cases.accessToken)
      expect(`${request.method} ${request.url}`).toBe(each.url)
      expect(JSON.parse(request.body ?? '')).toEqual(each.body)
      expect(request.headers).toMatchObject({ 'content-type': 'application/json', ...each.headers })
    })
  })

  describe('finds at once what would be refused', () => {
    it.each(cases.faults.map((each) => [each.title, each] as const))('%s', (_title, each) => {
      const { event, field } = each
      expect(connector.faultOf(conversionOf(connector, event), credentialsOf(each.with))?.field ?? null).toBe(
        field,
      )
    })
  })

  describe('reads', () => {
    it.each(cases.answers.map((each) => [each.title, each] as const))('%s', (_title, each) => {
      const answer = connector.read(responseOf(each), built(each.events ?? THREE), NOW_MS)
      expect(shown(answer)).toMatchObject(each.expect)
    })
  })

  describe('tests a connection', () => {
    it.each(cases.tests.map((each) => [each.title, each] as const))('%s', (_title, each) => {
      const credentials = credentialsOf(each.with)
      const api = connector.apis[connector.apiOf(credentials)]
      expect(api).toBeDefined()
      expect(connector.readTest(responseOf(each))).toMatchObject(Object(each.expect))
    })
  })
}

export const responseOf = (answer: {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly text?: string
}): HttpResponse => ({
  status: answer.status ?? 200,
  headers: answer.headers ?? {},
  body: answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)),
})

/** With verdicts as pairs of index and verdict, and of each only what it is and which code. */
function shown(answer: BatchAnswer): Record<string, unknown> {
  const brief = (verdict: EventVerdict) => ({
    is: verdict.is,
    ...('code' in verdict && { code: verdict.code }),
    ...('member' in verdict && { member: verdict.member }),
    ...('note' in verdict && { note: verdict.note }),
  })
  if (answer.is === 'batch_refused')
    return { ...answer, verdicts: [...answer.verdicts].map(([index, verdict]) => [index, brief(verdict)]) }
  if (answer.is === 'taken') return { ...answer, verdicts: answer.verdicts.map(brief) }
  return { ...answer }
}

/** Members of answers that somebody reads. */
const names = fc.constantFrom(
  ...[
    'status',
    'code',
    'message',
    'data',
    'event',
    'results',
    'partialFailureError',
    'requestId',
    'events_received',
  ],
  ...['fieldWarnings', 'requestStatusPerDestination', 'errors', 'reason', 'error_subcode'],
)
const USER_MEMBERS = [
  ...['email', 'phone', 'first_name', 'last_name', 'external_id'],
  ...[
    'city',
    'state',
    'zip',
    'country',
    'client_ip_address',
    'client_user_agent',
    'fbc',
    'fbp',
    'gclid',
    'gbraid',
  ],
  ...['wbraid', 'ttclid', 'ttp', 'sc_click_id', 'sc_cookie1'],
] as const satisfies readonly (keyof UserData)[]
/** The first of them are hashed for every platform, or not sent. */
const HASHED_MEMBERS = 5
const OF_NOTHING = createHash('sha256').digest('hex')

/** What nobody has promised: none of it may be taken for an answer, or end in an exception. */
const STRANGE: readonly { readonly status: number; readonly text: string }[] = [
  { status: 502, text: '<html><body>502 Bad Gateway</body></html>' },
  { status: 200, text: '<!doctype html>' },
  { status: 200, text: '' },
  { status: 500, text: '' },
  { status: 200, text: 'null' },
  { status: 200, text: '[]' },
  { status: 200, text: '"ok"' },
  { status: 200, text: '{"error":null,"code":"x","status":7,"results":{},"data":[1]}' },
  { status: 503, text: '{"error":{}}' },
  { status: 200, text: '{"cut' },
  { status: 200, text: '['.repeat(5000) },
]

export function itSurvivesStrangeAnswers<C>(connector: ConversionConnector<C>): void {
  const seed = Number(process.env['SEED'] ?? 20261128)
  const batch = THREE.map((event) => conversionOf(connector, event))
  it('reads any answer, and says no more of events than there are', () => {
    const answers = fc.tuple(
      fc.constantFrom(200, 400, 401, 403, 404, 413, 429, 500, 502),
      fc.jsonValue(),
      names,
    )
    fc.assert(
      fc.property(answers, ([status, value, name]) => {
        const body = JSON.stringify({ [name]: value, error: { code: 100, details: [value], [name]: value } })
        for (const text of [body, JSON.stringify(value)]) {
          const answer = connector.read({ status, headers: {}, body: text }, batch, NOW_MS)
          if (answer.is === 'taken') expect(answer.verdicts).toHaveLength(batch.length)
          if (answer.is === 'batch_refused')
            for (const index of answer.verdicts.keys()) expect([0, 1, 2]).toContain(index)
          connector.readTest({ status, headers: {}, body: text })
          connector.later?.readStatus({ status, headers: {}, body: text })
        }
      }),
      { seed, numRuns: 300 },
    )
  })
  it('takes any text for any identifier, and hashes nothing where there is nothing', () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    const text = units.map((codes) => String.fromCharCode(...codes))
    const people = fc.array(text, { minLength: USER_MEMBERS.length, maxLength: USER_MEMBERS.length })
    fc.assert(
      fc.property(people, (texts) => {
        const user: UserData = Object.fromEntries(USER_MEMBERS.map((name, i) => [name, texts[i]]))
        const made = Object.values(connector.identifiers(user, 'US'))
        expect(made.filter((value) => value === '' || value === OF_NOTHING)).toEqual([])
      }),
      { seed, numRuns: 100 },
    )
  })
  it('hashes nothing that is hashed', () => {
    const hashed = USER_MEMBERS.slice(0, HASHED_MEMBERS).map((name) => [name, ` ${'AB'.repeat(32)}`])
    const made = Object.values(connector.identifiers(Object.fromEntries(hashed), 'US'))
    expect(made.length).toBeGreaterThanOrEqual(4)
    expect(new Set(made)).toEqual(new Set(['ab'.repeat(32)]))
  })
  it('halves a call that was too long, and gives up an event that is', () => {
    const response = { status: 413, headers: {}, body: '<html>' }
    expect(connector.read(response, batch, NOW_MS)).toMatchObject({
      is: 'batch_refused',
      processedNothing: true,
    })
    const [one] = batch
    const answer = connector.read(response, one ? [one] : [], NOW_MS)
    expect(shown(answer)).toMatchObject({ verdicts: [[0, { is: 'rejected', code: 'too_large' }]] })
  })
  it.each(STRANGE)('does not know what became of a call that is answered with %o', ({ status, text }) => {
    const response = { status, headers: {}, body: text }
    expect(connector.read(response, batch, NOW_MS).is).toBe('transient')
    expect(connector.readTest(response).is).toBe('fails')
    expect(connector.later?.readStatus(response).is ?? 'unavailable').toBe('unavailable')
  })
  it('waits after a page that says there were too many calls', () => {
    const response = { status: 429, headers: { 'retry-after': '7' }, body: '<html>' }
    expect(connector.read(response, batch, NOW_MS)).toMatchObject({ is: 'throttled', retryAfterMs: 7000 })
  })
}
