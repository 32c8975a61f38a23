import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { listAt } from '../json/json-at.ts'
import { said } from './ask.ts'
import { type Columns, defined, members, queryOf, type ShowOptions, show, tableOf } from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'
import { wholeNumber } from './values.ts'

const ROOT = '/api/v1/connectors'
const pathOf = (id: string, ...rest: string[]): string =>
  [ROOT, ...[id, ...rest].map(encodeURIComponent)].join('/')

const SCHEDULES: Columns = {
  connection: (one) => said(one, 'connector_id'),
  ...members('cron', 'timezone'),
  next: (one) => said(one, 'next_at'),
}
const CAMPAIGNS: Columns = members('id', 'name', 'status')

interface Reasoned extends ShowOptions {
  readonly reason?: string
}
interface CampaignFilters extends ShowOptions {
  readonly status?: string
  readonly name?: string
  readonly limit?: string
}
interface CampaignOptions extends Reasoned {
  readonly name?: string
  readonly dailyBudget?: string
  readonly status?: string
  readonly start?: string
}
interface TemplateOptions extends ShowOptions {
  readonly name?: string
  readonly alias?: string
  readonly from?: string
  readonly subject?: string
  readonly html?: string
  readonly text?: string
}

/** Commands about when connections are read on a schedule. */
export function addSchedules(program: Command, terminal: Terminal): void {
  const schedules = program.command('schedules').description('when connections are read by themselves')
  schedules
    .command('list')
    .description('schedules of your organisation')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, `${ROOT}/schedules`, (answer) =>
        tableOf(terminal, SCHEDULES, listAt(answer, 'schedules'), 'nothing is read by itself yet'),
      ),
    )
  const put = (id: string, body: object, { reason, ...options }: Reasoned) =>
    show(
      terminal,
      options,
      pathOf(id, 'schedule') + queryOf({ reason }),
      (answer) => [
        said(answer, 'cron') === ''
          ? `${id} is not read by itself any more`
          : `${id} is read next at ${said(answer, 'next_at')}`,
      ],
      { method: 'PUT', body },
    )
  schedules
    .command('set')
    .description('read a connection on a schedule')
    .argument('<connection>', 'its id')
    .argument('<cron>', "such as '0 6 * * *'")
    .option('--timezone <zone>', 'such as Europe/Berlin', 'UTC')
    .option('--reason <text>', 'kept in the audit')
    .option('--json', 'print JSON')
    .action((id: string, cron: string, { timezone, ...options }: Reasoned & { timezone: string }) =>
      put(id, { cron, timezone }, options),
    )
  schedules
    .command('end')
    .description('read a connection no more by itself')
    .argument('<connection>', 'its id')
    .option('--reason <text>', 'kept in the audit')
    .option('--json', 'print JSON')
    .action((id: string, options: Reasoned) => put(id, { cron: null }, options))
}

/** Commands about campaigns at the platforms. */
export function addCampaigns(program: Command, terminal: Terminal): void {
  const campaigns = program.command('campaigns').description('campaigns at the platforms')
  campaigns
    .command('list')
    .description('campaigns of a connection as they were read last')
    .argument('<connection>', 'its id')
    .option('--status <words>', 'active, paused, or words of the platform, with commas')
    .option('--name <part>', 'part of the name')
    .option('--limit <number>', 'so many at most', wholeNumber('--limit'))
    .option('--json', 'print JSON')
    .action((id: string, { json = false, status, name, limit }: CampaignFilters) =>
      show(terminal, { json }, pathOf(id, 'campaigns') + queryOf({ status, name, limit }), (answer) => [
        ...tableOf(terminal, CAMPAIGNS, listAt(answer, 'campaigns'), 'there are none'),
        ...[said(answer, 'caveat')].filter((text) => text !== ''),
      ]),
    )
  const send = (path: string, method: 'POST' | 'PATCH', options: CampaignOptions) => {
    const { name, dailyBudget: daily_budget, status, start: start_date, reason, json = false } = options
    const body = defined({ name, daily_budget, status, start_date, reason })
    return show(terminal, { json }, path, (answer) => [said(answer, 'id')], { method, body })
  }
  campaigns
    .command('create')
    .description('make a campaign, paused; its daily budget is paid for')
    .argument('<connection>', 'its id')
    .requiredOption('--name <name>', 'of the campaign')
    .requiredOption('--daily-budget <amount>', 'in the currency of the account')
    .option('--start <date>', 'first day, where the platform wants one')
    .option('--reason <text>', 'kept in the audit')
    .option('--json', 'print JSON')
    .action((id: string, options: CampaignOptions) => send(pathOf(id, 'campaigns'), 'POST', options))
  campaigns
    .command('change')
    .description('change, stop or start a campaign')
    .argument('<connection>', 'its id')
    .argument('<campaign>', 'id at the platform')
    .option('--name <name>', 'another name')
    .option('--daily-budget <amount>', 'in the currency of the account')
    .option('--status <status>', 'active or paused')
    .option('--reason <text>', 'kept in the audit')
    .option('--json', 'print JSON')
    .action((id: string, campaign: string, options: CampaignOptions) =>
      send(pathOf(id, 'campaigns', campaign), 'PATCH', options),
    )
}

/** Commands about templates of e-mails, at a platform that sends e-mails. */
export function addTemplates(program: Command, terminal: Terminal): void {
  const templates = program.command('templates').description('templates of e-mails, where they are sent from')
  const send = (
    path: string,
    method: 'POST' | 'PATCH' | 'DELETE',
    { json = false, html, text, ...more }: TemplateOptions,
  ) => {
    const body = defined({ ...more, html: contentOf(html), text: contentOf(text) })
    const question = method === 'DELETE' || path.endsWith('/publish') ? { method } : { method, body }
    return show(terminal, { json }, path, (answer) => [said(answer, 'id')], question)
  }
  const withContent = (command: Command) =>
    command
      .option('--name <name>', 'of the template')
      .option('--alias <alias>', 'by which it is sent')
      .option('--from <address>', 'sender')
      .option('--subject <text>', 'of the e-mail')
      .option('--html <file>', 'what is sent')
      .option('--text <file>', 'for those who show no HTML')
      .option('--json', 'print JSON')
  withContent(
    templates.command('create').description('make a template').argument('<connection>', 'its id'),
  ).action((id: string, options: TemplateOptions) => send(pathOf(id, 'templates'), 'POST', options))
  withContent(
    templates
      .command('change')
      .description('change a template; it is sent so once it is published again')
      .argument('<connection>', 'its id')
      .argument('<template>', 'its id'),
  ).action((id: string, template: string, options: TemplateOptions) =>
    send(pathOf(id, 'templates', template), 'PATCH', options),
  )
  const addWithoutContent = (
    name: string,
    description: string,
    act: (id: string, template: string) => [string, 'POST' | 'DELETE'],
  ) =>
    templates
      .command(name)
      .description(description)
      .argument('<connection>', 'its id')
      .argument('<template>', 'its id')
      .option('--json', 'print JSON')
      .action((id: string, template: string, options: ShowOptions) => send(...act(id, template), options))
  addWithoutContent('publish', 'send a template as it is now', (id, template) => [
    pathOf(id, 'templates', template, 'publish'),
    'POST',
  ])
  addWithoutContent('delete', 'delete a template', (id, template) => [
    pathOf(id, 'templates', template),
    'DELETE',
  ])
}

function contentOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new CommandError(`${file} cannot be read`)
  }
}
