import type { Command } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { ask, said } from './ask.ts'
import { askPatiently, noteSent } from './ask-patiently.ts'
import { describeFile, itemsOf, requestsOf } from './json-file.ts'
import {
  type Columns,
  defined,
  failureOf,
  jsonText,
  members,
  printAs,
  queryOf,
  type ShowOptions,
  show,
  tableOf,
} from './show.ts'
import { CommandError, plain, type Terminal } from './terminal.ts'
import { wholeNumber } from './values.ts'
import { watch } from './watch.ts'

const ROOT = '/api/v1/conversions'
/** The most events of a request that sends them, and of one that previews them. */
const SENT_AT_ONCE = 1_000
const PREVIEWED_AT_ONCE = 100
const EVENTS = ['events', 'event'] as const
/** The most bytes of the events of one request: the service takes a body of 4 MiB. */
const MAX_BYTES = 4 * 1024 * 1024 - 64

const RESULTS: Columns = {
  event: (one) => said(one, 'event_id'),
  status: (one) => said(one, 'status'),
  why: (one) => faultText(one),
  'refused by': (one) =>
    listAt(one, 'refused_by')
      .map((refused) => `${said(refused, 'platform')} (${faultText(refused)})`)
      .join(', '),
}
const DELIVERIES: Columns = {
  event: (one) => said(one, 'event_id'),
  name: (one) => said(one, 'event_name'),
  ...members('platform', 'state', 'attempts'),
  'next try': (one) => said(one, 'next_attempt_at'),
  why: failureOf,
}
const DEAD_LETTERS: Columns = {
  event: (one) => said(one, 'event_id'),
  name: (one) => said(one, 'event_name'),
  ...members('platform', 'attempts'),
  accepted: (one) => said(one, 'timestamp'),
  why: failureOf,
}
const REPLAYED: Columns = {
  event: (one) => said(one, 'event_id'),
  name: (one) => said(one, 'event_name'),
  platform: (one) => said(one, 'platform'),
  result: (one) => said(one, 'code') || 'sent again',
  why: (one) => said(one, 'reason'),
}
const HEALTH: Columns = {
  ...members('platform', 'status'),
  breaker: (one) => said(one, 'circuit_state'),
  'taken, 1 h': (one) => said(one, 'events_processed_1h'),
  'not taken': (one) => said(one, 'error_count_1h'),
  ms: (one) => said(one, 'avg_latency_ms'),
  issues: (one) =>
    listAt(one, 'issues')
      .map((issue) => plain(String(issue)))
      .join('; '),
}

const faultText = (fault: unknown): string =>
  [said(fault, 'field'), said(fault, 'reason')].filter((text) => text !== '').join(' ')

/** Commands about outcomes that go back to the platforms. */
export function addConversions(program: Command, terminal: Terminal): void {
  const conversions = program
    .command('conversions')
    .description('outcomes that go back to the platforms, and what became of them')
  addSend(conversions, terminal)
  addPreview(conversions, terminal)
  addStatus(conversions, terminal)
  addReplay(conversions, terminal)
  conversions
    .command('dead-letters')
    .description('deliveries that were given up, the newest first')
    .option('--platform <name>', 'only of this platform')
    .option('--limit <number>', 'how many, up to 1000', wholeNumber('--limit'), '20')
    .option('--json', 'print JSON')
    .action((options: ShowOptions & { platform?: string; limit: string }) => {
      const { platform, limit } = options
      return show(terminal, options, `${ROOT}/dead-letters${queryOf({ platform, limit })}`, (answer) =>
        tableOf(terminal, DEAD_LETTERS, listAt(answer, 'dead_letters'), 'none was given up'),
      )
    })
  conversions
    .command('health')
    .description('how each connection does, by its last hour')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, `${ROOT}/health`, (answer) =>
        tableOf(terminal, HEALTH, listAt(answer, 'connectors'), 'no platform is connected'),
      ),
    )
}

function addSend(conversions: Command, terminal: Terminal): void {
  conversions
    .command('send')
    .description('send events; the exit code is 1 where one was rejected')
    .argument('<file>', describeFile(EVENTS))
    .option('--json', 'print JSON')
    .action(async (file: string, options: ShowOptions) => {
      const events = await itemsOf(terminal, file, EVENTS)
      const results: unknown[] = []
      for (const part of requestsOf(events, SENT_AT_ONCE, MAX_BYTES)) {
        const question = { method: 'POST', body: { events: part } } as const
        const before = `${results.length} events`
        try {
          const answer = await askPatiently(terminal, `${ROOT}/events`, question, before)
          results.push(...listAt(answer, 'results'))
        } catch (error) {
          noteSent(terminal, results.length, 'events')
          throw error
        }
      }
      const rejected = results.filter((one) => said(one, 'status') === 'rejected').length
      printAs(terminal, options, { results }, () => resultLines(terminal, results))
      if (rejected > 0) throw new CommandError(`${rejected} of ${results.length} events were rejected`)
    })
}

function resultLines(terminal: Terminal, results: readonly unknown[]): string[] {
  const countOf = (status: string) => results.filter((one) => said(one, 'status') === status).length
  const notable = results.filter(
    (one) => said(one, 'status') !== 'accepted' || listAt(one, 'refused_by').length > 0,
  )
  const counts = ['accepted', 'duplicate', 'rejected'].map((status) => `${countOf(status)} ${status}`)
  return [counts.join(', '), ...(notable.length > 0 ? tableOf(terminal, RESULTS, notable, '') : [])]
}

interface PreviewOptions extends ShowOptions {
  readonly platforms?: string
  readonly mapping?: string
  readonly compareTo?: string
}

function addPreview(conversions: Command, terminal: Terminal): void {
  conversions
    .command('preview')
    .description('show what each platform would be sent; nothing is sent or stored')
    .argument('<file>', describeFile(EVENTS))
    .option('--platforms <names>', 'only these, with commas')
    .option('--mapping <version>', 'by this version of the mappings, not the latest')
    .option('--compare-to <version>', 'and say what would differ from this version')
    .option('--json', 'print JSON')
    .action(async (file: string, options: PreviewOptions) => {
      const { platforms, mapping, compareTo } = options
      const wish = {
        ...(platforms !== undefined && { platforms: platforms.split(',') }),
        ...(mapping !== undefined && { version: versionOf(mapping) }),
        ...(compareTo !== undefined && { compareTo: versionOf(compareTo) }),
      }
      const previews: unknown[] = []
      for (const events of requestsOf(await itemsOf(terminal, file, EVENTS), PREVIEWED_AT_ONCE, MAX_BYTES)) {
        const body = { events, ...wish }
        previews.push(...listAt(await ask(terminal, `${ROOT}/preview`, { method: 'POST', body }), 'previews'))
      }
      printAs(terminal, options, { previews }, () => previews.flatMap(previewLines))
    })
}

function versionOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CommandError(`${text.slice(0, 50)} is no version: it is a whole number, as in 3`)
}

function previewLines(preview: unknown): string[] {
  const about = [said(preview, 'event_id'), said(preview, 'platform')].filter((text) => text !== '')
  const heading = about.length === 0 ? 'an event' : about.join(' to ')
  const refused = at(preview, 'refused')
  const differences = listAt(preview, 'differences').map(
    (one) => `  ${said(one, 'path')}: ${valueText(at(one, 'from'))} becomes ${valueText(at(one, 'to'))}`,
  )
  if (refused !== undefined) return [`${heading} would not be sent: ${faultText(refused)}`, ...differences]
  return [
    `${heading}: ${said(preview, 'request', 'method')} ${said(preview, 'request', 'url')}`,
    ...jsonText(at(preview, 'request', 'body'))
      .split('\n')
      .map(plain),
    ...differences,
  ]
}

const valueText = (value: unknown): string => (value === undefined ? 'nothing' : plain(JSON.stringify(value)))

function addStatus(conversions: Command, terminal: Terminal): void {
  conversions
    .command('status')
    .description('what became of an event, for each platform')
    .argument('<event>', 'its id')
    .option('--watch', 'wait until each platform has taken it, or it is given up: then the exit code is 1')
    .option('--json', 'print JSON')
    .action(async (id: string, { watch: waits = false, ...options }: ShowOptions & { watch?: boolean }) => {
      const look = () => ask(terminal, `${ROOT}/events/${encodeURIComponent(id)}`)
      const answer = waits ? await ended(terminal, look) : await look()
      const deliveries = deliveriesOf(answer)
      printAs(terminal, options, answer, () =>
        tableOf(terminal, DELIVERIES, deliveries, 'it goes to no platform any more'),
      )
      const dead = deliveries.filter((one) => said(one, 'state') === 'dead').length
      if (waits && dead > 0)
        throw new CommandError(`${dead} of ${deliveries.length} deliveries were given up`)
    })
}

const deliveriesOf = (answer: unknown): unknown[] =>
  listAt(answer, 'events').flatMap((event) => listAt(event, 'deliveries'))

async function ended(terminal: Terminal, look: () => Promise<unknown>): Promise<unknown> {
  const state = await watch(terminal, async () => {
    const answer = await look()
    const deliveries = deliveriesOf(answer)
    const isOver = deliveries.every((one) => ['acknowledged', 'dead'].includes(said(one, 'state')))
    const line = deliveries.map((one) => `${said(one, 'platform')} ${said(one, 'state')}`).join(', ')
    return { line, ended: isOver ? 'well' : 'no', answer }
  })
  return state.answer
}

interface ReplayOptions extends ShowOptions {
  readonly all?: boolean
  readonly platform?: string
  readonly eventName?: string
  readonly dryRun?: boolean
  readonly reason?: string
}

function addReplay(conversions: Command, terminal: Terminal): void {
  conversions
    .command('replay')
    .description(
      'send dead letters again, up to 1000, but for what a platform would refuse or count twice; the exit code is 1 where none was',
    )
    .argument('[events...]', 'ids of events')
    .option('--all', 'all dead letters, the oldest first')
    .option('--platform <name>', 'only at this platform')
    .option('--event-name <name>', 'only events of this name')
    .option('--dry-run', 'say what would be sent again and what not, and send nothing')
    .option('--reason <text>', 'kept in the audit')
    .option('--json', 'print JSON')
    .action(async (events: string[], options: ReplayOptions) => {
      const { all = false, platform, eventName: event_name, dryRun, reason } = options
      if (events.length === 0 && !all) throw new CommandError('name events, or say --all')
      if (events.length > 0 && all) throw new CommandError('name events or say --all, not both')
      const body = {
        ...(all ? { all } : { event_ids: events }),
        ...defined({ platform, event_name, reason }),
        ...(dryRun && { dry_run: true }),
      }
      const answer = await ask(terminal, `${ROOT}/dead-letters/replay`, { method: 'POST', body })
      const [replayed, refused] = [listAt(answer, 'replayed'), listAt(answer, 'refused')]
      const none = all ? 'none was given up' : 'none of them was given up'
      printAs(terminal, options, answer, () => tableOf(terminal, REPLAYED, [...replayed, ...refused], none))
      const isAsIntended = all && refused.length === 0
      if (replayed.length === 0 && !isAsIntended) throw new CommandError('nothing was sent again')
    })
}
