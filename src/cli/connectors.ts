import { text } from 'node:stream/consumers'
import { type Command, InvalidArgumentError } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { ask, RequestRefused, said } from './ask.ts'
import { listenForCallback } from './callback.ts'
import { type Columns, jsonText, members, printAs, queryOf, type ShowOptions, show, tableOf } from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'
import { type State, watch } from './watch.ts'

const ROOT = '/api/v1/connectors'

const CONNECTIONS: Columns = {
  ...members('id', 'type'),
  account: (one) => said(one, 'account_id'),
  status: (one) => said(one, 'status'),
  'last read': (one) => said(one, 'last_sync_at') || 'never',
}
const TYPES: Columns = {
  type: (one) => said(one, 'type'),
  'connected with': (one) => (said(one, 'auth') === 'api_key' ? '--api-key' : 'a browser'),
  reports: (one) =>
    listAt(one, 'reports')
      .map((report) => said(report, 'name'))
      .join(', '),
}
const FIELDS: Columns = {
  field: (one) => said(one, 'name'),
  'of all platforms': (one) => (at(one, 'common') === true ? 'yes' : ''),
  from: (one) => said(one, 'from'),
  holds: (one) => said(one, 'means'),
}

interface ConnectOptions extends ShowOptions {
  readonly apiKey?: string
  readonly callback: string
  readonly account?: string
  readonly setting?: Readonly<Record<string, unknown>>
  readonly reason?: string
}
interface WatchOptions extends ShowOptions {
  readonly watch?: boolean
}
interface FetchOptions extends WatchOptions {
  readonly start?: string
  readonly end?: string
  readonly fields?: string
  readonly fresh?: boolean
}

/** Commands about connections and what is read through them. */
export function addConnectors(program: Command, terminal: Terminal): void {
  const connectors = program
    .command('connectors')
    .description('connections to platforms, and what is read there')
  connectors
    .command('list')
    .description('connections of your organisation')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, ROOT, (answer) =>
        tableOf(terminal, CONNECTIONS, listAt(answer, 'connectors'), 'nothing is connected yet'),
      ),
    )
  connectors
    .command('types')
    .description('platforms that can be connected')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, `${ROOT}/types`, (answer) =>
        tableOf(terminal, TYPES, listAt(answer, 'types'), 'no platform can be connected'),
      ),
    )
  connectors
    .command('reports')
    .description('reports of a platform and their fields')
    .argument('<type>', 'platform, such as DV360')
    .argument('[report]', 'only this report')
    .option('--json', 'print JSON')
    .action((type: string, report: string | undefined, options: ShowOptions) =>
      show(terminal, options, `${ROOT}/types/${encodeURIComponent(type)}`, (answer) =>
        reportLines(terminal, answer, report),
      ),
    )
  addConnecting(connectors, terminal)
  addReading(connectors, terminal)
}

/** Commands that make, test and end connections. */
function addConnecting(connectors: Command, terminal: Terminal): void {
  const path = (id: string, rest = '') => `${ROOT}/${encodeURIComponent(id)}${rest}`

  connectors
    .command('connect')
    .description('connect an account: with an API key, or by logging in with a browser')
    .argument('<type>', 'platform, such as DV360')
    .option('--api-key <key>', 'for platforms that want one; - reads it from standard input')
    .option(
      '--callback <url>',
      'where the browser comes back to on this machine',
      'http://127.0.0.1:0/callback',
    )
    .option('--account <id>', 'account to read; if left out, the first that can be reached')
    .option('--setting <name=value>', 'a setting of the connection; may be repeated', setting)
    .option('--reason <text>', 'kept with the change')
    .option('--json', 'print JSON')
    .action(async (type: string, options: ConnectOptions) => {
      const answer = await (options.apiKey === undefined ? byBrowser : byKey)(terminal, type, options)
      const id = said(answer, 'id') || said(answer, 'connector_id')
      printAs(terminal, options, answer, () => [`${id} ${said(answer, 'status')}`])
    })
  connectors
    .command('test')
    .description('whether a connection works now')
    .argument('<id>', 'connection')
    .option('--json', 'print JSON')
    .action((id: string, options: ShowOptions) =>
      show(terminal, options, path(id, '/test'), (answer) => [jsonText(answer)], { method: 'POST' }),
    )
  connectors
    .command('disconnect')
    .description('take the grant back, and delete the connection with all that was read')
    .argument('<id>', 'connection')
    .option('--reason <text>', 'kept with the change')
    .option('--json', 'print JSON')
    .action((id: string, { reason, ...options }: ShowOptions & { reason?: string }) =>
      show(
        terminal,
        options,
        path(id) + queryOf({ reason }),
        (answer) => [`${said(answer, 'id')} ${said(answer, 'status')}`],
        { method: 'DELETE' },
      ),
    )
}

function addReading(connectors: Command, terminal: Terminal): void {
  connectors
    .command('sync')
    .description('read everything that a connection is set to read')
    .argument('<id>', 'connection')
    .option('--watch', 'wait until it is read')
    .option('--json', 'print JSON')
    .action(async (id: string, options: WatchOptions) => {
      const begun = await ask(terminal, `${ROOT}/${encodeURIComponent(id)}/sync`, { method: 'POST' })
      const job = said(begun, 'sync_job_id')
      await followed(terminal, options, begun, `synchronisation ${job}`, () => jobState(terminal, id, job))
    })
  connectors
    .command('fetch')
    .description('ask for a report; it is read when its turn comes')
    .argument('<id>', 'connection')
    .argument('<report>', 'such as campaign_performance; "connectors reports <type>" lists them')
    .option('--start <date>', 'first day, as in 2026-11-01')
    .option('--end <date>', 'last day; if left out, the first day alone')
    .option('--fields <names>', 'comma-separated, such as spend,clicks')
    .option('--fresh', 'read from the platform, whatever was read in the last five minutes')
    .option('--watch', 'wait until it is read')
    .option('--json', 'print JSON')
    .action(async (connector_id: string, report_type: string, options: FetchOptions) => {
      const { start, end = start, fields, fresh } = options
      const body = {
        connector_id,
        report_type,
        ...(start !== undefined && { date_range: { start, end } }),
        ...(fields !== undefined && { fields: fields.split(',').map((name) => name.trim()) }),
        ...(fresh && { fresh }),
      }
      const asked = await ask(terminal, `${ROOT}/fetch`, { method: 'POST', body })
      const id = said(asked, 'request_id')
      const age = said(asked, 'rows_age_seconds')
      const about =
        age === ''
          ? `request ${id}, place ${said(asked, 'queue_position')} of the queue, about ${said(asked, 'estimated_wait_seconds')} s to wait`
          : `request ${id}, served by rows that were read ${age} s ago; --fresh reads them again`
      await followed(terminal, options, asked, about, () => requestState(terminal, id))
    })
}

/** Prints what was begun, or with `--watch` what became of it. */
async function followed(
  terminal: Terminal,
  options: WatchOptions,
  begun: unknown,
  about: string,
  look: () => Promise<State>,
): Promise<void> {
  if (!options.watch) return printAs(terminal, options, begun, () => [about])
  terminal.note(about)
  const { line, caveats = [], answer } = await watch(terminal, look)
  printAs(terminal, options, answer, () => [line, ...caveats.map((one) => `caveat: ${one}`)])
}

async function byKey(terminal: Terminal, type: string, options: ConnectOptions): Promise<unknown> {
  const given = options.apiKey === '-' ? (await text(process.stdin)).trim() : options.apiKey
  const body = {
    connector_type: type,
    api_key: given,
    ...(options.account !== undefined && { account_id: options.account }),
    ...(options.setting && { settings: options.setting }),
    ...(options.reason !== undefined && { reason: options.reason }),
  }
  return ask(terminal, ROOT, { method: 'POST', body })
}

/** Listens for the browser, says where to log in, and finishes the connection when it comes back. */
async function byBrowser(terminal: Terminal, type: string, options: ConnectOptions): Promise<unknown> {
  const listener = await listenForCallback(options.callback)
  try {
    const { setting: settings } = options
    const body = { connector_type: type, callback_url: listener.url, ...(settings && { settings }) }
    const begun = await ask(terminal, `${ROOT}/oauth/initiate`, { method: 'POST', body }).catch((error) =>
      withoutBrowser(terminal, type, error),
    )
    const granted = listener.granted(said(begun, 'state'))
    terminal.note(`Open ${said(begun, 'authorization_url')}`)
    terminal.note(`Waiting for you to log in; the browser comes back to ${listener.url}`)
    const { account, reason } = options
    return await ask(terminal, `${ROOT}/oauth/callback`, {
      method: 'POST',
      body: {
        ...(await granted),
        ...(account !== undefined && { account_id: account }),
        ...(reason !== undefined && { reason }),
      },
    })
  } finally {
    listener.close()
  }
}

/** Throws the refusal, or for a platform that is connected with an API key how to do that. */
async function withoutBrowser(terminal: Terminal, type: string, error: unknown): Promise<never> {
  if (!(error instanceof RequestRefused) || error.status !== 400) throw error
  const known = await ask(terminal, `${ROOT}/types/${encodeURIComponent(type)}`)
  if (said(known, 'auth') !== 'api_key') throw error
  throw new CommandError(
    `${said(known, 'type')} is connected with an API key: add --api-key <key>, or --api-key - to read it from standard input`,
  )
}

function setting(pair: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('must be name=value')
  try {
    return { ...before, [name]: JSON.parse(value) }
  } catch {
    return { ...before, [name]: value }
  }
}

function reportLines(terminal: Terminal, answer: unknown, wanted: string | undefined): string[] {
  const all = listAt(answer, 'reports')
  const names = (report: unknown) => [said(report, 'name'), ...listAt(report, 'also').map(String)]
  const reports = all.filter((report) => wanted === undefined || names(report).includes(wanted))
  if (reports.length === 0 && wanted !== undefined)
    throw new CommandError(`there is no report ${wanted}; there are ${all.flatMap(names).join(', ')}`)
  return reports.flatMap((report, index) => [
    ...(index > 0 ? [''] : []),
    `${names(report).join(', also ')}${at(report, 'dated') === true ? ' (needs --start)' : ''}`,
    ...tableOf(terminal, FIELDS, listAt(report, 'fields'), 'its fields are those of the platform').map(
      (line) => `  ${line}`,
    ),
  ])
}

async function requestState(terminal: Terminal, id: string): Promise<State> {
  const answer = await ask(terminal, `${ROOT}/requests/${encodeURIComponent(id)}`)
  const status = said(answer, 'status')
  if (status === 'completed') {
    const rows = `${said(answer, 'result', 'records_fetched')} rows, ${said(answer, 'result', 'size_bytes')} bytes`
    return {
      line: `${status}: ${rows}, ${said(answer, 'result', 'storage_location')}`,
      caveats: listAt(answer, 'result', 'caveats').map(String),
      ended: 'well',
      answer,
    }
  }
  if (status === 'failed' || status === 'cancelled')
    return { line: `request ${id} ${status}: ${said(answer, 'error')}`, ended: 'badly', answer }
  const why =
    said(answer, 'message') ||
    (status === 'queued'
      ? `place ${said(answer, 'queue_position')} of the queue`
      : 'the platform makes the report')
  return { line: `${status}, ${said(answer, 'progress')} %: ${why}`, ended: 'no', answer }
}

async function jobState(terminal: Terminal, connectorId: string, id: string): Promise<State> {
  const all = await ask(terminal, `/api/v1/integrations/${encodeURIComponent(connectorId)}/jobs`)
  const answer = listAt(all, 'jobs').find((one) => said(one, 'id') === id)
  const [status, error] = [said(answer, 'status'), said(answer, 'error')]
  if (status === 'failed') return { line: `synchronisation ${id} failed: ${error}`, ended: 'badly', answer }
  const line = `${status}: ${said(answer, 'recordsProcessed')} rows${error === '' ? '' : `; ${error}`}`
  const caveats = listAt(answer, 'caveats').map((one) => `${said(one, 'report')}: ${said(one, 'caveat')}`)
  return { line, caveats, ended: status === 'completed' ? 'well' : 'no', answer }
}
