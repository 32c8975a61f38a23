import type { Command } from 'commander'
import { VERSION } from '../version.ts'
import { ask, said } from './ask.ts'
import { jsonText, type ShowOptions } from './show.ts'
import type { Terminal } from './terminal.ts'

/** The command that says which version this is, and which one the service runs. */
export function addVersion(program: Command, terminal: Terminal): void {
  program
    .command('version')
    .description('print the version of this command and of the service')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: ShowOptions) => {
      const own = { version: VERSION, node: process.versions.node }
      if (!json) terminal.print(`command ${own.version}, Node ${own.node}`)
      const service = await ask(terminal, '/version')
      if (json) return terminal.print(jsonText({ command: own, service }))
      const commit = said(service, 'commit')
      terminal.print(
        [
          `service ${said(service, 'version')}, Node ${said(service, 'node')}`,
          `${said(service, 'mode')} mode`,
          `up ${said(service, 'uptimeSeconds')} s`,
          ...(commit === '' ? [] : [`commit ${commit}`]),
        ].join(', '),
      )
    })
}
