import { parseArgs } from 'node:util'
import { MessageChannel } from 'node:worker_threads'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { micros, toUnits } from './money.ts'
import { at, listAt } from './platforms/index.ts'
import { verifyLedger } from './shield/index.ts'
import { addKeyInFolder, createKeyring, openStore, reseal } from './sync/index.ts'

/** What a command needs of the world. */
export interface Terminal {
  print(line: string): void
  /** Where the service answers, and the key it asks for. */
  readonly url: string
  readonly apiKey: string | undefined
}

const USAGE = `usage: bidwarden                      start the service
       bidwarden keys rotate          encrypt every credential with a new key
       bidwarden ledger verify        recompute every balance in DATA_DIR from its entries
       bidwarden connectors list
       bidwarden connectors connect <type> (--api-key <key> | --callback <url>) [--account <id>]
       bidwarden connectors sync <id> [--watch]
       bidwarden connectors fetch <id> <report> [--start <date> --end <date>] [--fields <a,b>] [--watch]
The service is reached at BIDWARDEN_URL with BIDWARDEN_KEY.`

/** Between two looks at what is watched. */
const LOOK_MS = 500

/** Runs a command. Returns the exit code. */
export async function runCommand(
  args: readonly string[],
  config: Config,
  terminal: Terminal,
): Promise<number> {
  const [area, verb, ...rest] = args
  if (area === 'keys' && verb === 'rotate') return rotate(config, terminal)
  if (area === 'ledger' && verb === 'verify') return verify(config, terminal)
  if (area === 'connectors' && verb !== undefined) return connectors(verb, rest, terminal)
  terminal.print(USAGE)
  return 2
}

/** Beside a running service or without one. */
function verify({ store }: Config, { print }: Terminal): number {
  if (store.is !== 'sqlite') {
    print(`budgets are kept in ${store.is}: there is no ledger to verify`)
    return 1
  }
  const verdict = verifyLedger(store.directory)
  if (verdict.is === 'wrong') {
    print(`WRONG: ${verdict.detail}`)
    return 1
  }
  for (const { scope, spent, overdraft } of verdict.scopes) {
    print(`${scope}: spent ${toUnits(micros(spent))}, overdraft ${toUnits(micros(overdraft))}`)
  }
  print(`entries ${verdict.first} to ${verdict.last} are right; ${verdict.hash}`)
  return 0
}

/**
 * With the keys in `ENCRYPTION_KEY` the operator has put the new one first; a folder gets a new one here. A service that
 * runs meanwhile has to be started again to know it.
 */
async function rotate({ sync }: Config, { print }: Terminal): Promise<number> {
  if (!sync) {
    print('ENCRYPTION_KEY is not set: there is nothing to rotate')
    return 1
  }
  const store = await openStore(sync.store)
  try {
    const keyring = createKeyring(sync.keys ?? addKeyInFolder(sync.dataDir))
    const changed = await reseal(store, keyring, systemClock)
    print(`${changed} credentials are now encrypted with key ${keyring.keyId}`)
    if (sync.keys) print('ENCRYPTION_KEY needs the older keys no longer')
    return 0
  } finally {
    await store.close()
  }
}

async function connectors(verb: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'api-key': { type: 'string' },
      callback: { type: 'string' },
      account: { type: 'string' },
      start: { type: 'string' },
      end: { type: 'string' },
      fields: { type: 'string' },
      watch: { type: 'boolean', default: false },
    },
  })
  const { print } = terminal
  const call = (method: string, path: string, body?: object) =>
    ask(terminal, method, `/api/v1/connectors${path}`, body)
  const [first = '', second = ''] = positionals
  switch (verb) {
    case 'list': {
      const all = listAt(await call('GET', ''), 'connectors')
      for (const one of all)
        print(
          `${said(one, 'id')}  ${said(one, 'type')}  ${said(one, 'account_id')}  ${said(one, 'status')}  last read ${said(one, 'last_sync_at') || 'never'}`,
        )
      return 0
    }
    case 'connect': {
      const account = values.account === undefined ? {} : { account_id: values.account }
      if (values['api-key'] !== undefined) {
        const made = await call('POST', '', { connector_type: first, api_key: values['api-key'], ...account })
        print(`${said(made, 'id')} ${said(made, 'status')}`)
        return 0
      }
      if (values.callback === undefined) break
      const begun = await call('POST', '/oauth/initiate', {
        connector_type: first,
        callback_url: values.callback,
      })
      print(`Open: ${said(begun, 'authorization_url')}`)
      return 0
    }
    case 'sync': {
      const id = said(await call('POST', `/${first}/sync`), 'sync_job_id')
      print(`synchronisation ${id}`)
      return values.watch ? watch(() => jobState(terminal, first, id), print) : 0
    }
    case 'fetch': {
      const { start, end } = values
      const asked = await call('POST', '/fetch', {
        connector_id: first,
        report_type: second,
        ...(start !== undefined && { date_range: { start, end: end ?? start } }),
        ...(values.fields !== undefined && { fields: values.fields.split(',') }),
      })
      print(
        `request ${said(asked, 'request_id')}, place ${said(asked, 'queue_position')}, about ${said(asked, 'estimated_wait_seconds')} s to wait`,
      )
      return values.watch ? watch(() => requestState(terminal, said(asked, 'request_id')), print) : 0
    }
  }
  print(USAGE)
  return 2
}

interface State {
  readonly line: string
  readonly ended: 'no' | 'well' | 'badly'
}

async function requestState(terminal: Terminal, id: string): Promise<State> {
  const request = await ask(terminal, 'GET', `/api/v1/connectors/requests/${id}`)
  const status = said(request, 'status')
  const result = at(request, 'result')
  const got =
    result &&
    `${said(result, 'records_fetched')} rows, ${said(result, 'size_bytes')} bytes, ${said(result, 'storage_location')}`
  const more = said(request, 'error') || said(request, 'message') || got || ''
  const ended =
    status === 'completed' ? 'well' : status === 'failed' || status === 'cancelled' ? 'badly' : 'no'
  return { line: `${status} ${said(request, 'progress')} % ${more}`.trim(), ended }
}

async function jobState(terminal: Terminal, connectorId: string, id: string): Promise<State> {
  const jobs = listAt(await ask(terminal, 'GET', `/api/v1/integrations/${connectorId}/jobs`), 'jobs')
  const job = jobs.find((one) => said(one, 'id') === id)
  const status = said(job, 'status')
  const ended = status === 'completed' ? 'well' : status === 'failed' ? 'badly' : 'no'
  return { line: `${status} ${said(job, 'recordsProcessed')} rows ${said(job, 'error')}`.trim(), ended }
}

/** A member of an answer as it is printed. */
const said = (answer: unknown, name: string): string => String(at(answer, name) ?? '')

/** Prints a state whenever it changes, until it is an end. */
async function watch(look: () => Promise<State>, print: (line: string) => void): Promise<number> {
  let last = ''
  for (;;) {
    const { line, ended } = await look()
    if (line !== last) print(line)
    last = line
    if (ended !== 'no') return ended === 'well' ? 0 : 1
    // A timer of the system clock does not keep a process alive; here nothing else does.
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.on('message', () => {})
      systemClock.after(LOOK_MS, () => {
        port1.close()
        port2.close()
        resolve()
      })
    })
  }
}

async function ask({ url, apiKey }: Terminal, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(said(answer, 'detail') || `the service answered ${response.status}`)
  return answer
}
