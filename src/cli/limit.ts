import { type Command, Option } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { ask, RequestRefused, said } from './ask.ts'
import { budgetLines, SCOPE } from './bidding.ts'
import { type ShowOptions, show } from './show.ts'
import { CommandError, type Terminal, UsageError } from './terminal.ts'

interface LimitOptions extends ShowOptions {
  readonly window?: string
  readonly day?: string
  readonly total?: boolean
  readonly reason?: string
}

/** A limit as the service takes it, without its amount. */
type LimitWindow =
  | { readonly kind: 'sliding'; readonly windowSeconds: number }
  | { readonly kind: 'day'; readonly timezone: string }
  | { readonly kind: 'lifetime' }

const WINDOWS = '--window 10m, --day Europe/Berlin or --total'
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** The command that changes one limit of a budget and keeps what else the budget has. */
export function addLimit(program: Command, terminal: Terminal): void {
  program
    .command('limit')
    .description('change one limit of a budget, or add it; its other limits stay as they are')
    .argument('<scope>', SCOPE)
    .argument('<amount>', 'the most that may be spent, in the currency of the budget')
    .addOption(new Option('--window <length>', 'in any time of this length, as in 90s, 10m, 24h or 7d'))
    .addOption(new Option('--day <zone>', 'in a day of this zone, as in Europe/Berlin').conflicts('window'))
    .addOption(new Option('--total', 'in all').conflicts(['window', 'day']))
    .option('--reason <text>', 'kept with the change')
    .option('--json', 'print JSON')
    .action(async (scope: string, amount: string, options: LimitOptions) => {
      const max = amountOf(amount)
      const wanted = windowOf(options)
      const path = `/v1/budgets/${encodeURIComponent(scope)}`
      const budget = await budgetAt(terminal, path)
      const limits = listAt(budget, 'limits').map(limitOf)
      const [only, ...others] = limits
      const window = wanted ?? (others.length === 0 ? only : undefined)
      if (!window)
        throw new UsageError(
          `${scope} has ${limits.length === 0 ? 'no limit' : 'more than one'}: say which one is meant, by ${WINDOWS}`,
        )
      const kept = limits.filter((limit) => keyOf(limit) !== keyOf(window))
      const holdMode = at(budget, 'holdMode')
      const body = {
        limits: [...kept, { ...window, max }],
        ...(holdMode !== undefined && { holdMode }),
        ...(options.reason !== undefined && { reason: options.reason }),
      }
      const lines = (answer: unknown) => budgetLines(terminal, [answer])
      await show(terminal, options, path, lines, { method: 'PUT', body })
    })
}

/** Undefined for a campaign that has no budget yet; it gets one. */
async function budgetAt(terminal: Terminal, path: string): Promise<unknown> {
  try {
    return await ask(terminal, path)
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404) return undefined
    throw error
  }
}

function amountOf(text: string): number {
  if (/^\d{1,9}(\.\d{1,6})?$/.test(text)) return Number(text)
  throw new UsageError('the amount must be a number of at most six decimals, as in 250 or 99.5')
}

function windowOf({ window, day, total }: LimitOptions): LimitWindow | undefined {
  if (total) return { kind: 'lifetime' }
  if (day !== undefined) return { kind: 'day', timezone: day }
  if (window === undefined) return undefined
  const [, count = '', unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(window) ?? []
  const seconds = Number(count) * (SECONDS[unit] ?? 0)
  if (seconds === 0) throw new UsageError('--window must be a length of time, as in 90s, 10m, 24h or 7d')
  return { kind: 'sliding', windowSeconds: seconds }
}

/** A limit of an answer, as the service takes it. */
function limitOf(limit: unknown): LimitWindow & { readonly max: unknown } {
  const max = at(limit, 'max')
  switch (said(limit, 'kind')) {
    case 'sliding':
      return { kind: 'sliding', windowSeconds: Number(at(limit, 'windowSeconds')), max }
    case 'day':
      return { kind: 'day', timezone: said(limit, 'timezone'), max }
    case 'lifetime':
      return { kind: 'lifetime', max }
    default:
      throw new CommandError('the budget has a limit of a kind that this command does not know')
  }
}

/** The same for two limits of one window. */
const keyOf = (limit: LimitWindow): string =>
  [
    limit.kind,
    limit.kind === 'sliding' ? limit.windowSeconds : '',
    limit.kind === 'day' ? limit.timezone : '',
  ].join(' ')
