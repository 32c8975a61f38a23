import type { Budget, Limit } from '../api/client.ts'
import { money } from './format.ts'

interface Part {
  readonly name: 'spent' | 'held' | 'forfeited' | 'elsewhere'
  readonly amount: number
}

/** What has been taken from a limit, in the order in which it is shown. */
function partsOf({ forfeited, elsewhere }: Budget, { spent, held }: Limit): Part[] {
  const parts: Part[] = [
    { name: 'spent', amount: spent },
    { name: 'held', amount: held },
    { name: 'forfeited', amount: forfeited?.amount ?? 0 },
    { name: 'elsewhere', amount: elsewhere },
  ]
  return parts.filter(({ amount }) => amount > 0)
}

/** A limit as a bar: what is spent, held, forfeited, in other processes, and what is free. */
export function LimitBar({ budget, limit }: { budget: Budget; limit: Limit }) {
  const parts = partsOf(budget, limit)
  const said = [...parts, { name: 'free', amount: limit.remaining }]
    .map(({ name, amount }) => `${name} ${money(amount, budget.currency)}`)
    .join(', ')
  // Beyond the limit the bar is full, in the proportions of what was taken.
  const whole = Math.max(
    limit.max,
    parts.reduce((sum, { amount }) => sum + amount, 0),
  )
  return (
    <div className="bar" role="img" aria-label={said} title={said}>
      {parts.map(({ name, amount }) => (
        <div key={name} className={name} style={{ width: `${(100 * amount) / whole}%` }} />
      ))}
    </div>
  )
}

const KEY = [
  ['spent', 'spent'],
  ['held', 'held for open bids'],
  ['forfeited', 'forfeited by dead processes'],
  ['elsewhere', 'in other processes'],
  ['free', 'free'],
] as const

export function BarKey() {
  return (
    <p className="key">
      {KEY.map(([name, label]) => (
        <span key={name}>
          <i className={name} />
          {label}
        </span>
      ))}
    </p>
  )
}
