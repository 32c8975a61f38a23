import type { Command } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { ask, RequestRefused, said } from './ask.ts'
import { budgetLines, pendingLines, SCOPE } from './bidding.ts'
import {
  addWindowOptions,
  amountOf,
  type LimitWindow,
  WINDOWS,
  type WindowOptions,
  windowOf,
} from './limit-window.ts'
import { type ShowOptions, show } from './show.ts'
import { CommandError, type Terminal, UsageError } from './terminal.ts'

interface LimitOptions extends ShowOptions, WindowOptions {
  readonly reason?: string
}

/** The command that changes one limit of a budget and keeps what else the budget has. */
export function addLimit(program: Command, terminal: Terminal): void {
  const command = program
    .command('limit')
    .description('change one limit of a budget, or add it; its other limits stay as they are')
    .argument('<scope>', SCOPE)
    .argument('<amount>', 'the most that may be spent, in the currency of the budget')
  addWindowOptions(command)
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
      const [holdMode, revision] = [at(budget, 'holdMode'), at(budget, 'revision')]
      const body = {
        limits: [...kept, { ...window, max }],
        ...(holdMode !== undefined && { holdMode }),
        // The service refuses the change if somebody has changed the budget since it was read.
        ...(revision !== undefined && { revision }),
        ...(options.reason !== undefined && { reason: options.reason }),
      }
      const lines = (answer: unknown) => pendingLines(answer) ?? budgetLines(terminal, [answer])
      await show(terminal, options, path, lines, { method: 'PUT', body })
    })
}

/** The budget; undefined for a campaign that has none yet and gets one with its first limit. */
async function budgetAt(terminal: Terminal, path: string): Promise<unknown> {
  try {
    return await ask(terminal, path)
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404) return undefined
    throw error
  }
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

/** Equal for two limits over the same window: a budget has only one of them. */
const keyOf = (limit: LimitWindow): string =>
  [
    limit.kind,
    limit.kind === 'sliding' ? limit.windowSeconds : '',
    limit.kind === 'day' ? limit.timezone : '',
  ].join(' ')
