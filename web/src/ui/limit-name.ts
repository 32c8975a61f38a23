import type { Limit } from '../api/client.ts'
import { duration } from './format.ts'

type Window = Pick<Limit, 'kind' | 'windowSeconds' | 'timezone'>
/** What all kinds of limits have in common, in budgets and in campaigns. */
export type AnyLimit = Window & Pick<Limit, 'max'>

/** Over which time a limit counts spend, in words. */
export function limitName({ kind, windowSeconds, timezone }: Window): string {
  if (kind === 'lifetime') return 'in all'
  if (kind === 'day') return `a day of ${timezone}`
  return `in any ${duration((windowSeconds ?? 0) * 1_000)}`
}

/** Tells limits of one budget apart. */
export const limitKey = ({ kind, windowSeconds, timezone }: Window): string =>
  `${kind} ${windowSeconds ?? timezone ?? ''}`
