import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { listAt } from '../json/json-at.ts'
import { said } from './ask.ts'
import { addWindowOptions, amountOf, WINDOWS, type WindowOptions, windowOf } from './limit-window.ts'
import { type Columns, members, queryOf, type ShowOptions, show, tableOf } from './show.ts'
import { CommandError, type Terminal, UsageError } from './terminal.ts'
import { moment, wholeNumber } from './values.ts'

const KEYS: Columns = {
  ...members('name', 'state', 'source'),
  scopes: (one) => listAt(one, 'scopes').map(String).join('+'),
  ...members('budget', 'madeBy', 'expiresAt', 'lastUsedAt'),
}
const SCOPES = 'what it may do: bid, read, operate, connect, convert, admin, premium, joined by +'

/** Commands about API keys, and about keys that encrypt credentials. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command('keys').description('API keys, and keys that encrypt credentials')
  keys
    .command('new')
    .description('make an API key and the entry for API_KEYS that accepts it')
    .argument('<name>', 'who it is for; name@7 is of organisation 7')
    .argument('<scopes>', SCOPES)
    .action(async (name: string, scopes: string) => {
      const { hashKey, KEY_SCOPES } = await import('../api/index.ts')
      if (!/^[\w-]{1,32}(@[1-9]\d{0,8})?$/.test(name))
        throw new CommandError('the name must be letters, digits, - and _, and may end in @ and a number')
      const unknown = scopes.split('+').find((scope) => !KEY_SCOPES.some((one) => one === scope))
      if (unknown !== undefined)
        throw new CommandError(`there is no scope ${unknown}; there are ${KEY_SCOPES.join(', ')}`)
      const key = `bw_${randomBytes(32).toString('base64url')}`
      terminal.print(`key (shown once): ${key}`)
      terminal.print(`API_KEYS entry:   ${name}:${scopes}:${hashKey(key).toString('hex')}`)
    })
  keys
    .command('rotate')
    .description(
      'encrypt every credential with the newest key of ENCRYPTION_KEY, or with a new one in DATA_DIR',
    )
    .action(() => rotate(terminal))
  addMadeKeys(keys, terminal)
}

interface CreateOptions extends ShowOptions, WindowOptions {
  readonly budget?: string
  readonly organisation?: string
  readonly expires?: string
  readonly reason?: string
}

/** Commands about keys that the running service makes. */
function addMadeKeys(keys: Command, terminal: Terminal): void {
  const table = (those: readonly unknown[]) => tableOf(terminal, KEYS, those, 'there are no API keys')
  keys
    .command('list')
    .description('the API keys of the service, never the keys themselves')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, '/v1/keys', (answer) => table(listAt(answer, 'keys'))),
    )
  const create = keys
    .command('create')
    .description('have the service make an API key, which is shown once and accepted at once')
    .argument('<name>', 'who it is for')
    .argument('<scopes>', SCOPES)
    .option(
      '--organisation <number>',
      'whose it is; if left out, that of the key in BIDWARDEN_KEY',
      wholeNumber('--organisation'),
    )
    .option('--expires <time>', 'as in 2027-01-01T00:00:00Z', moment('--expires'))
    .option('--budget <amount>', 'the most that it may spend, in the currency of the budget global')
  addWindowOptions(create)
    .option('--reason <text>', 'kept with the change')
    .option('--json', 'print JSON')
    .action((name: string, scopes: string, options: CreateOptions) => {
      const { organisation, expires, reason } = options
      const body = {
        name,
        scopes: scopes.split('+'),
        ...(organisation !== undefined && { organisation: Number(organisation) }),
        ...(expires !== undefined && { expiresAt: expires }),
        ...budgetIn(options),
        ...(reason !== undefined && { reason }),
      }
      const lines = (answer: unknown) => [`key (shown once): ${said(answer, 'key')}`, ...table([answer])]
      return show(terminal, options, '/v1/keys', lines, { method: 'POST', body })
    })
  keys
    .command('revoke')
    .description('refuse every call with this key from now on')
    .argument('<name>', 'as it is listed')
    .option('--reason <text>', 'kept with the change')
    .option('--json', 'print JSON')
    .action((name: string, { reason, ...options }: ShowOptions & { reason?: string }) => {
      const path = `/v1/keys/${encodeURIComponent(name)}${queryOf({ reason })}`
      return show(terminal, options, path, (answer) => table([answer]), { method: 'DELETE' })
    })
}

/** The key's own budget, if the options give one. Throws {@link UsageError} if they give only a part of it. */
function budgetIn(options: CreateOptions) {
  const window = windowOf(options)
  if (options.budget === undefined && window === undefined) return {}
  if (options.budget === undefined) throw new UsageError('say how much that is, by --budget 250')
  if (!window) throw new UsageError(`say over which time the budget counts, by ${WINDOWS}`)
  return { budget: { limits: [{ ...window, max: amountOf(options.budget) }] } }
}

/**
 * Encrypts every credential with the first key of `ENCRYPTION_KEY`, or without that variable with a new key that is made in
 * `DATA_DIR`. A service that runs meanwhile has to be restarted to know the new key.
 */
async function rotate({ print, config: read }: Terminal): Promise<void> {
  const { sync: config } = await read()
  const [{ systemClock }, sync] = await Promise.all([import('../time/clock.ts'), import('../sync/index.ts')])
  if (!config) throw new CommandError('ENCRYPTION_KEY is not set: there is nothing to rotate')
  const store = await sync.openStore(config.store)
  try {
    const keyring = sync.createKeyring(config.keys ?? sync.addKeyInFolder(config.dataDir))
    const changed = await sync.reseal(store, keyring, systemClock)
    print(`${changed} credentials are now encrypted with key ${keyring.keyId}`)
    if (config.keys) print('ENCRYPTION_KEY needs the older keys no longer')
  } finally {
    await store.close()
  }
}
