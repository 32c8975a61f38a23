import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { send } from './ask.ts'
import { members, printAs, queryOf, type ShowOptions, tableOf } from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'
import { moment } from './values.ts'

/** Commands about the ledger of budgets. */
export function addLedger(program: Command, terminal: Terminal): void {
  const ledger = program.command('ledger').description('the entries that every balance comes from')
  ledger
    .command('verify')
    .description(
      'recompute every balance in DATA_DIR from its entries, beside a running service or without one',
    )
    .option('--json', 'print JSON')
    .action((options: ShowOptions) => verify(terminal, options))
  ledger
    .command('export')
    .description('print every entry of the service as a line of JSON')
    .option('--scope <scope>', 'only entries of this budget')
    .option('--from <time>', 'as in 2026-11-01T00:00:00Z', moment('--from'))
    .option('--to <time>', 'as in 2026-11-02T00:00:00Z', moment('--to'))
    .action(async ({ scope, from, to }: Record<string, string | undefined>) => {
      const { body } = await send(terminal, `/v1/ledger${queryOf({ scope, from, to })}`)
      if (body) await body.pipeThrough(new TextDecoderStream()).pipeTo(lineByLine(terminal))
    })
}

async function verify(terminal: Terminal, options: ShowOptions): Promise<void> {
  const [{ verifyLedger }, { micros, toUnits }] = await Promise.all([
    import('../shield/index.ts'),
    import('../money.ts'),
  ])
  const { store } = await terminal.config()
  if (store.is !== 'sqlite')
    throw new CommandError(`budgets are kept in ${store.is}: there is no ledger to verify`)
  const file = join(store.directory, 'ledger.db')
  if (!existsSync(file))
    throw new CommandError(`there is no ledger at ${file}: set DATA_DIR to the folder of the service`)
  const verdict = verifyLedger(store.directory)
  if (verdict.is === 'wrong') throw new CommandError(`the ledger is wrong: ${verdict.detail}`)
  const { first, last, hash } = verdict
  const scopes = verdict.scopes.map(({ scope, spent, overdraft }) => ({
    scope,
    spent: toUnits(micros(spent)),
    overdraft: toUnits(micros(overdraft)),
  }))
  printAs(terminal, options, { first, last, hash, scopes }, () => [
    ...tableOf(terminal, members('scope', 'spent', 'overdraft'), scopes, 'there are no budgets'),
    `entries ${first} to ${last} are right; ${hash}`,
  ])
}

/** Prints a stream of text line by line: its chunks may end anywhere in a line. */
function lineByLine({ print }: Terminal): WritableStream<string> {
  let rest = ''
  return new WritableStream({
    write(chunk) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) print(line)
    },
    close() {
      if (rest !== '') print(rest)
    },
  })
}
