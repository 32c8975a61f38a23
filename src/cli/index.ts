import { Command, CommanderError, Option } from 'commander'
import { clientConfig, mistypedOfClient } from '../config/client.ts'
import { VERSION } from '../version.ts'
import { addAudit } from './audit.ts'
import { addBidding } from './bidding.ts'
import { addConnectors } from './connectors.ts'
import { addConversions } from './conversions.ts'
import { addDoctor } from './doctor.ts'
import { addKeys } from './keys.ts'
import { addLedger } from './ledger.ts'
import { addLimit } from './limit.ts'
import { addMessages } from './messages.ts'
import { addNotifications } from './notifications.ts'
import { addCampaigns, addSchedules, addTemplates } from './reading.ts'
import { plain, type Terminal, UsageError } from './terminal.ts'
import { wholeNumber } from './values.ts'
import { addVersion } from './version.ts'

export type { Terminal } from './terminal.ts'

/** Exit code of a command that was used wrongly; one that fails ends with 1. */
const USAGE = 2

/** Runs a command and returns its exit code. `--help` and `--version` are 0, a wrong use 2, a failure 1. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = programFor(terminal)
  const unknown = unknownCommand(program, args)
  if (unknown !== undefined) {
    terminal.note(`bidwarden: there is no command ${plain(unknown)}; try --help`)
    return USAGE
  }
  try {
    await program.parseAsync(withCommand(args), { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    // Errors are one line without a stack.
    const message = error instanceof Error ? error.message : String(error)
    terminal.note(`bidwarden: ${oneLine(message)}`)
    return error instanceof UsageError ? USAGE : 1
  }
}

/** An unknown command that help is asked for, as in `help nothing`; commander alone would answer with the program's help. */
function unknownCommand(program: Command, args: readonly string[]): string | undefined {
  const isOfGroup = args[1] === 'help'
  if (args[0] !== 'help' && !isOfGroup) return undefined
  const group = isOfGroup ? program.commands.find((one) => one.name() === args[0]) : program
  const [name] = args.slice(isOfGroup ? 2 : 1)
  if (!group || group.commands.length === 0 || name === undefined || name.startsWith('-')) return undefined
  return name === 'help' || group.commands.some((one) => one.name() === name) ? undefined : name
}

const oneLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')

/** Without a command the service is started. */
const withCommand = (args: readonly string[]): string[] =>
  args.length === 0 || /^--(workers|demo)/.test(args[0] ?? '') ? ['start', ...args] : [...args]

function programFor(terminal: Terminal): Command {
  const program = new Command('bidwarden')
    .description(
      'A bidding agent that never spends more than the budget. Without a command it starts the service.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'say how it is used')
    .helpCommand('help [command]', 'say how a command is used')
    .addHelpText('after', '\nThe service is reached at BIDWARDEN_URL with the API key in BIDWARDEN_KEY.')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.note(text.trimEnd()),
      outputError: (text) =>
        terminal.note(`bidwarden: ${oneLine(text.trim().replace(/^error: /, ''))}; try --help`),
      getOutHelpWidth: () => terminal.width ?? 100,
      getErrHelpWidth: () => terminal.width ?? 100,
    })
  program
    .command('start')
    .description('start the service')
    .addOption(
      new Option('--workers <number>', 'processes that answer auctions beside this one').argParser(
        wholeNumber('--workers'),
      ),
    )
    .option('--demo', 'play all who use it, in mock mode and with data that are deleted at the end')
    .action(async ({ workers, demo = false }: { workers?: string; demo?: boolean }) => {
      const { serve } = await import('../main.ts')
      await serve(workers === undefined ? {} : { WORKERS: workers }, demo)
    })
  addBidding(program, terminal)
  addLimit(program, terminal)
  addConnectors(program, terminal)
  addConversions(program, terminal)
  addMessages(program, terminal)
  addSchedules(program, terminal)
  addCampaigns(program, terminal)
  addTemplates(program, terminal)
  addLedger(program, terminal)
  addKeys(program, terminal)
  addAudit(program, terminal)
  addNotifications(program, terminal)
  addDoctor(program, terminal)
  addVersion(program, terminal)
  return program
}

/** Exit code of a process that SIGPIPE has ended, as shells write it. Node ignores that signal. */
const SIGPIPE_EXIT = 141

const isUnread = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE'

/** `bidwarden bids | head`: nobody reads any more, so there is nothing left to do. */
function endUnread(error: Error): void {
  if (!isUnread(error)) throw error
  process.exit(SIGPIPE_EXIT)
}

/** Output of the service that nobody reads is dropped, and the service goes on. */
function goOnUnread(error: Error): void {
  if (!isUnread(error)) throw error
}

/** Commands that stop bids. They run even with a mistyped variable. */
const STOPS: ReadonlySet<string> = new Set(['kill', 'pause'])

/** Whether the client's variables must be checked for this command. `start` checks all variables itself; help needs none. */
const needsClient = (args: readonly string[]): boolean =>
  withCommand(args)[0] !== 'start' && !args.some((word) => /^(help|--help|-h|--version|-V)$/.test(word))

/** The command line as a process. */
export async function main(args: readonly string[]): Promise<void> {
  // Files that a command or the service creates are readable by this user only.
  process.umask(0o077)
  const { stdin, stdout, stderr } = process
  const [command] = withCommand(args)
  for (const stream of [stdout, stderr]) stream.on('error', command === 'start' ? goOnUnread : endUnread)
  const mistyped = needsClient(args) ? mistypedOfClient() : []
  for (const line of mistyped) stderr.write(`bidwarden: ${plain(line)}\n`)
  if (mistyped.length > 0 && !STOPS.has(command ?? '')) {
    process.exitCode = USAGE
    return
  }
  const code = await runCommand(args, {
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    input: () => stdin,
    width: stdout.isTTY ? stdout.columns : undefined,
    config: async () => (await import('../config/config.ts')).readConfig(),
    ...clientConfig(),
  })
  // A service that could not start has said so itself.
  if (code !== 0) process.exitCode = code
}
