import { type Command, Option } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { ask, said } from './ask.ts'
import { type Columns, jsonText, members, printAs, queryOf, type ShowOptions, show, tableOf } from './show.ts'
import type { Terminal } from './terminal.ts'
import { wholeNumber } from './values.ts'

/** Help text of an argument that names a budget. */
export const SCOPE = 'platform:<name>, campaign:<platform>:<id>, or global'

const BIDS: Columns = {
  bid: (one) => said(one, 'bidId'),
  time: (one) => said(one, 'at'),
  platform: (one) => said(one, 'platform'),
  campaign: (one) => said(one, 'campaignId'),
  status: (one) => said(one, 'status'),
  amount: (one) => `${said(one, 'bidAmount')} ${said(one, 'currency')}`.trim(),
  why: (one) => said(one, 'code'),
}

/** One line for each limit; a budget without limits has a line too. */
const BUDGETS: Columns = {
  scope: (one) => said(one, 'scope'),
  limit: (one) => limitText(at(one, 'limit')),
  currency: (one) => said(one, 'currency'),
  spent: (one) => said(one, 'limit', 'spent'),
  held: (one) => said(one, 'limit', 'held'),
  remaining: (one) => said(one, 'limit', 'remaining'),
  used: (one) => percent(at(one, 'limit', 'utilization')),
  state: (one) => (at(one, 'paused') === true ? `paused: ${said(one, 'pauseReason')}` : 'open'),
}

const PLATFORMS: Columns = {
  ...members('platform', 'mode', 'currency', 'auth'),
  breaker: (one) => said(one, 'breaker', 'state'),
  'calls left': (one) =>
    `${said(one, 'rateLimit', 'remaining')} of ${said(one, 'rateLimit', 'calls')} in ${said(one, 'rateLimit', 'windowSeconds')} s`,
  deferred: (one) => said(one, 'deferred'),
  'median LTV': (one) => said(one, 'medianLtv'),
  'p95 ms': (one) => said(one, 'latencyMs', 'p95'),
}

const ALERTS: Columns = {
  severity: (one) => said(one, 'severity'),
  alert: (one) => said(one, 'code'),
  about: (one) => `${said(one, 'about', 'name')} ${said(one, 'about', 'limit')}`.trim(),
  since: (one) => said(one, 'since'),
  detail: (one) => said(one, 'detail'),
  'what to do': (one) => said(one, 'whatToDo'),
}

/** One line for each budget and bucket of which something is known. */
const SPEND: Columns = {
  scope: (one) => said(one, 'scope'),
  from: (one) => said(one, 'from'),
  spent: (one) => said(one, 'amount'),
  currency: (one) => said(one, 'currency'),
}

/** Commands about bids, their money, and stopping them. */
export function addBidding(program: Command, terminal: Terminal): void {
  program
    .command('bids')
    .description('the latest bids, or everything that led to one of them')
    .argument('[bid]', 'id of a bid')
    .option('--platform <name>', 'only bids on this platform')
    .option('--status <status>', 'only bids with this status, such as placed or refused')
    .option('--limit <number>', 'how many, up to 1000', wholeNumber('--limit'), '20')
    .option('--json', 'print JSON')
    .action(async (bid: string | undefined, options: ShowOptions & Record<string, string | undefined>) => {
      if (bid !== undefined)
        return show(terminal, options, `/v1/bids/${encodeURIComponent(bid)}`, (one) => [jsonText(one)])
      const { platform, status, limit } = options
      return show(terminal, options, `/v1/bids${queryOf({ platform, status, limit })}`, (answer) =>
        tableOf(terminal, BIDS, listAt(answer, 'bids'), 'there are no bids yet'),
      )
    })

  program
    .command('budgets')
    .description('what each budget has left')
    .argument('[scope]', SCOPE)
    .option('--json', 'print JSON')
    .action(async (scope: string | undefined, options: ShowOptions) => {
      const path = scope === undefined ? '/v1/budgets' : `/v1/budgets/${encodeURIComponent(scope)}`
      await show(terminal, options, path, (answer) =>
        budgetLines(terminal, scope === undefined ? listAt(answer, 'budgets') : [answer]),
      )
    })

  addPausing(program, terminal, 'pause', 'refuse every bid on a scope from now on')
    .option('--reason <text>', 'shown to everybody whose bid is refused')
    .option('--json', 'print JSON')
  addPausing(program, terminal, 'resume', 'take bids on a scope again')
    .option('--reason <text>', 'kept with the change')
    .option('--json', 'print JSON')
  addKill(program, terminal)
  addWatching(program, terminal)

  program
    .command('platforms')
    .description('how every platform is doing')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, '/v1/platforms', (answer) =>
        tableOf(terminal, PLATFORMS, listAt(answer, 'platforms'), 'there are no platforms'),
      ),
    )
}

/** Adds `pause` or `resume`, which answer with the budget; a resumption may have to wait for an approval. */
const addPausing = (program: Command, terminal: Terminal, verb: 'pause' | 'resume', description: string) =>
  program
    .command(verb)
    .description(description)
    .argument('<scope>', SCOPE)
    .action(async (scope: string, { reason, ...options }: ShowOptions & { reason?: string }) => {
      const path = `/v1/budgets/${encodeURIComponent(scope)}/${verb}`
      const question = { method: 'POST', ...(reason !== undefined && { body: { reason } }) } as const
      const lines = (one: unknown) => pendingLines(one) ?? budgetLines(terminal, [one])
      await show(terminal, options, path, lines, question)
    })

function addWatching(program: Command, terminal: Terminal): void {
  program
    .command('alerts')
    .description('the alerts that fire now, and what to do about each')
    .option('--json', 'print JSON')
    .action((options: ShowOptions) =>
      show(terminal, options, '/v1/alerts', (answer) =>
        tableOf(terminal, ALERTS, listAt(answer, 'alerts'), 'no alert fires'),
      ),
    )

  program
    .command('spend')
    .description('what budgets have spent over time')
    .argument('[scope]', SCOPE)
    .addOption(
      new Option('--period <period>', 'the last hour, day or week')
        .choices(['hour', 'day', 'week'])
        .default('hour'),
    )
    .option('--json', 'print JSON')
    .action(async (scope: string | undefined, options: ShowOptions & { period: string }) =>
      show(terminal, options, `/v1/spend${queryOf({ scope, period: options.period })}`, (answer) =>
        spendLines(terminal, answer),
      ),
    )
}

function spendLines(terminal: Terminal, answer: unknown): string[] {
  const fromMs = Date.parse(String(at(answer, 'from')))
  const bucketMs = Number(at(answer, 'bucketSeconds')) * 1_000
  const series = listAt(answer, 'series')
  const rows = series.flatMap((one) =>
    listAt(one, 'amounts').flatMap((amount, bucket) =>
      amount === null
        ? []
        : [{ ...Object(one), amount, from: new Date(fromMs + bucket * bucketMs).toISOString() }],
    ),
  )
  const caveats = series.flatMap((one) =>
    listAt(one, 'caveats').map((caveat) => `${said(one, 'scope')}: ${said(caveat, 'detail')}`),
  )
  return [...tableOf(terminal, SPEND, rows, 'nothing is known yet'), ...caveats]
}

interface KillOptions extends ShowOptions {
  readonly reason?: string
  readonly pauseCampaigns?: boolean
  readonly release?: boolean
  readonly status?: boolean
}

function addKill(program: Command, terminal: Terminal): void {
  program
    .command('kill')
    .description('stop every bid at once; --release lets bids through again')
    .option('--reason <text>', 'shown to everybody whose bid is refused')
    .option('--pause-campaigns', 'also pause the campaigns that were bid on, at their platforms')
    .addOption(new Option('--release', 'let bids through again').conflicts(['pauseCampaigns', 'status']))
    .addOption(new Option('--status', 'only say whether bidding is stopped').conflicts('reason'))
    .option('--json', 'print JSON')
    .action(async ({ reason, pauseCampaigns, release = false, status, ...options }: KillOptions) => {
      const body = {
        engaged: !release,
        ...(reason !== undefined && { reason }),
        ...(pauseCampaigns && { pauseCampaigns }),
      }
      const answer = await ask(terminal, '/v1/kill-switch', status ? {} : { method: 'POST', body })
      printAs(terminal, options, answer, () => killLines(answer))
    })
}

function killLines(answer: unknown): string[] {
  const pending = pendingLines(answer)
  if (pending) return pending
  if (at(answer, 'engaged') !== true) return ['bids go through']
  return [
    `every bid is refused since ${said(answer, 'since')}: ${said(answer, 'reason')}`,
    ...listAt(answer, 'campaigns').map((one) =>
      `${said(one, 'platform')} ${said(one, 'campaignId')}: ${said(one, 'result')} ${said(one, 'detail')}`.trimEnd(),
    ),
  ]
}

/** What is said of a change that waits for an approval; undefined for every other answer. */
export function pendingLines(answer: unknown): string[] | undefined {
  if (at(answer, 'status') !== 'pending_approval') return undefined
  return [
    `nothing is changed yet: another key has to approve it until ${said(answer, 'expiresAt')}`,
    `approval ${said(answer, 'approvalId')}`,
  ]
}

/** A line for each limit of these budgets. */
export function budgetLines(terminal: Terminal, budgets: readonly unknown[]): string[] {
  const rows = budgets.flatMap((budget) => {
    const limits = listAt(budget, 'limits')
    return (limits.length === 0 ? [undefined] : limits).map((limit) => ({ ...Object(budget), limit }))
  })
  return tableOf(terminal, BUDGETS, rows, 'there are no budgets')
}

function limitText(limit: unknown): string {
  if (limit === undefined) return 'none'
  const over = {
    sliding: ` in any ${said(limit, 'windowSeconds')} s`,
    day: ` a day (${said(limit, 'timezone')})`,
    lifetime: ' in all',
  }
  const kind = said(limit, 'kind')
  return `${said(limit, 'max')}${kind in over ? over[kind as keyof typeof over] : ''}`
}

const percent = (share: unknown): string => (typeof share === 'number' ? `${Math.round(share * 100)} %` : '')
