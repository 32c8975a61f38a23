import { type Command, Option } from 'commander'
import { UsageError } from './terminal.ts'

/** Options that say over which time a limit counts. */
export interface WindowOptions {
  readonly window?: string
  readonly day?: string
  readonly total?: boolean
}

/** A limit as the service takes it, without its amount. */
export type LimitWindow =
  | { readonly kind: 'sliding'; readonly windowSeconds: number }
  | { readonly kind: 'day'; readonly timezone: string }
  | { readonly kind: 'lifetime' }

/** The options with examples, for the error when one of them is needed. */
export const WINDOWS = '--window 10m, --day Europe/Berlin or --total'
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Adds the options of {@link WindowOptions} to a command. */
export const addWindowOptions = (command: Command): Command =>
  command
    .addOption(new Option('--window <length>', 'in any time of this length, as in 90s, 10m, 24h or 7d'))
    .addOption(new Option('--day <zone>', 'in a day of this zone, as in Europe/Berlin').conflicts('window'))
    .addOption(new Option('--total', 'in all').conflicts(['window', 'day']))

/** The amount of a limit, in units: up to nine digits and six decimals. Throws {@link UsageError} for anything else. */
export function amountOf(text: string): number {
  if (/^\d{1,9}(\.\d{1,6})?$/.test(text)) return Number(text)
  throw new UsageError('the amount must be a number of at most six decimals, as in 250 or 99.5')
}

/** The window that the options name; undefined without one. Throws {@link UsageError} if `--window` is no length of time. */
export function windowOf({ window, day, total }: WindowOptions): LimitWindow | undefined {
  if (total) return { kind: 'lifetime' }
  if (day !== undefined) return { kind: 'day', timezone: day }
  if (window === undefined) return undefined
  const [, count = '', unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(window) ?? []
  const seconds = Number(count) * (SECONDS[unit] ?? 0)
  if (seconds === 0) throw new UsageError('--window must be a length of time, as in 90s, 10m, 24h or 7d')
  return { kind: 'sliding', windowSeconds: seconds }
}
