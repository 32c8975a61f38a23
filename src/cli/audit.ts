import type { Command } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { said } from './ask.ts'
import { type Columns, members, queryOf, type ShowOptions, show, tableOf } from './show.ts'
import { plain, type Terminal } from './terminal.ts'
import { moment, wholeNumber } from './values.ts'

const CHANGES: Columns = {
  ...members('at', 'caller', 'action', 'target'),
  from: (one) => value(at(one, 'from')),
  to: (one) => value(at(one, 'to')),
  reason: (one) => said(one, 'reason'),
  outcome: (one) => [said(one, 'outcome'), said(one, 'code')].filter((word) => word !== '').join(': '),
}

const FILTERS = ['action', 'target', 'caller', 'organisation', 'from', 'to', 'limit'] as const
type Filters = Partial<Record<(typeof FILTERS)[number], string>>

/** The command that says who has changed what. */
export function addAudit(program: Command, terminal: Terminal): void {
  program
    .command('audit')
    .description('who has changed what and why, the latest first')
    .option('--action <action>', 'only this, such as limits.set or budget.paused')
    .option('--target <target>', 'only changes of this, such as platform:meta')
    .option('--caller <name>', 'only by the API key of this name')
    .option('--organisation <number>', 'only by keys of this organisation', wholeNumber('--organisation'))
    .option('--from <time>', 'as in 2026-11-01T00:00:00Z', moment('--from'))
    .option('--to <time>', 'as in 2026-11-02T00:00:00Z', moment('--to'))
    .option('--limit <number>', 'how many, up to 1000', wholeNumber('--limit'), '20')
    .option('--json', 'print JSON')
    .action((options: ShowOptions & Filters) => {
      const query = Object.fromEntries(FILTERS.map((name) => [name, options[name]]))
      return show(terminal, options, `/v1/audit${queryOf(query)}`, (answer) =>
        tableOf(terminal, CHANGES, listAt(answer, 'entries'), noneText(options)),
      )
    })
}

function noneText(filters: Filters): string {
  const isNarrower = FILTERS.some(
    (name) => !['target', 'limit'].includes(name) && filters[name] !== undefined,
  )
  if (isNarrower) return 'nothing that was changed fits'
  return filters.target === undefined
    ? 'nothing was changed yet'
    : `nothing was changed at ${plain(filters.target)}`
}

const value = (one: unknown): string => (one === undefined ? '' : plain(JSON.stringify(one)))
