import type { Command } from 'commander'
import { jsonText, members, type ShowOptions, tableOf } from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'

/** The command that examines the configuration of this folder, before money does. */
export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description(
      'examine the configuration as the service will run with it: credentials at each platform (reads only), stores, disk, clock, addresses, and what is off; ends with 1 where something is a problem',
    )
    .option('--json', 'print JSON')
    .action(async ({ json = false }: ShowOptions) => {
      const findings = await examined(terminal)
      const columns = members('state', 'subject', 'detail', 'advice')
      const lines = json
        ? [jsonText({ findings })]
        : tableOf(terminal, columns, findings, 'nothing was examined')
      for (const line of lines) terminal.print(line)
      const problems = findings.filter((one) => Reflect.get(one, 'state') === 'problem').length
      if (problems > 0)
        throw new CommandError(problems === 1 ? 'there is a problem' : `there are ${problems} problems`)
    })
}

/** Where the configuration itself is refused, that is what was found. */
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
