import type { Command } from 'commander'
import { members, printAs, type ShowOptions, tableOf } from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'

/** The command that examines the configuration of this folder before it is used for real. */
export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description(
      'examine the configuration as the service will run with it: credentials at each platform (reads only), stores, disk, clock, addresses, and what is off; ends with 1 where something is a problem',
    )
    .option('--json', 'print JSON')
    .action(async (options: ShowOptions) => {
      const findings = await examined(terminal)
      const columns = members('state', 'subject', 'detail', 'advice')
      printAs(terminal, options, { findings }, () =>
        tableOf(terminal, columns, findings, 'nothing was examined'),
      )
      const problems = findings.filter((one) => Reflect.get(one, 'state') === 'problem').length
      if (problems > 0)
        throw new CommandError(problems === 1 ? 'there is a problem' : `there are ${problems} problems`)
    })
}

/** The findings. If the configuration itself is refused, each line of that refusal is one. */
async function examined(terminal: Terminal): Promise<readonly object[]> {
  const [{ ConfigError }, { examineByItself }] = await Promise.all([
    import('../config/config.ts'),
    import('../app/doctor/examine-by-itself.ts'),
  ])
  try {
    return await examineByItself(await terminal.config())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const lines = error.message
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('Cannot start'))
    return lines.map((detail) => ({ subject: 'variables', state: 'problem', detail: detail.trim() }))
  }
}
