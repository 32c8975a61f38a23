import type { Micros } from '../../money.ts'

/**
 * What a rule does with what is above its thresholds: `audit` allows and notes it, `advise` allows it with an answer that
 * says so, `enforce` lets it wait for an approval. The later ones are stricter.
 */
export const APPROVAL_MODES = ['off', 'audit', 'advise', 'enforce'] as const
type ApprovalMode = (typeof APPROVAL_MODES)[number]

/** The thresholds of one scope: for bids that it pays for, and for changes of it and of the scopes below it. */
export interface ApprovalRule {
  readonly scope: string
  readonly mode: ApprovalMode
  /** A bid above this amount; undefined where the amount alone does not matter. In the currency of the account. */
  readonly bidAbove?: Micros | undefined
  /** A limit that is raised, or made, above this amount. In the currency of the budget. */
  readonly limitAbove?: Micros | undefined
  /** A bid of more than so many times what is usual, or a limit of more than so many times what it was. */
  readonly timesUsual?: number | undefined
}

/** Why something needs an approval. */
export const APPROVAL_REASONS = [
  'amount',
  'times_usual',
  'digit_slip',
  'limit_removed',
  'hold_mode_loosened',
  'bidding_resumed',
] as const
export type ApprovalReason = (typeof APPROVAL_REASONS)[number]

/** What the rules say of a bid or a change that they do not let pass in silence. */
export interface ApprovalFinding {
  /** The strictest of the rules that it is above. */
  readonly mode: Exclude<ApprovalMode, 'off'>
  readonly reasons: readonly ApprovalReason[]
}

/** A limit that is raised. */
export interface RaisedLimit {
  /** What it was; undefined for a new one. */
  readonly from: Micros | undefined
  readonly to: Micros
}

/** What would let more be spent. */
export type RiskyChange =
  | {
      readonly is: 'limits'
      readonly raised: readonly RaisedLimit[]
      readonly removesLimit: boolean
      readonly loosensHoldMode: boolean
    }
  | { readonly is: 'resume' }

/** An amount of more than this times what is usual has most likely a digit too many, or no decimal point. */
const DIGIT_SLIP = 8

/** Finds the reason for an amount beside what is usual; a usual amount of 0 or unknown says nothing. */
function besideUsual(amount: number, usual: number | undefined, times: number | undefined): ApprovalReason[] {
  if (!usual) return []
  return [
    ...(times !== undefined && amount > times * usual ? ['times_usual' as const] : []),
    ...(amount > DIGIT_SLIP * usual ? ['digit_slip' as const] : []),
  ]
}

/** The rules of all scopes. */
export class ApprovalRules {
  readonly #byScope: ReadonlyMap<string, ApprovalRule>

  /** @param rules at most one of each scope */
  constructor(rules: readonly ApprovalRule[]) {
    const active = rules.filter(({ mode }) => mode !== 'off')
    this.#byScope = new Map(active.map((rule) => [rule.scope, rule]))
  }

  /** Whether there is any rule; without one nothing is remembered of bids. */
  get areSet(): boolean {
    return this.#byScope.size > 0
  }

  /**
   * What is said of a bid; undefined where it may pass.
   * @param scopes names of the scopes that pay for it
   * @param usual what the campaign's bids usually are; undefined where too few are known
   */
  ofBid(scopes: readonly string[], amount: Micros, usual: Micros | undefined): ApprovalFinding | undefined {
    return this.#strictest(scopes, ({ bidAbove, timesUsual }) => [
      ...(bidAbove !== undefined && amount > bidAbove ? ['amount' as const] : []),
      ...besideUsual(amount, usual, timesUsual),
    ])
  }

  /** As {@link ofBid}, of a change. @param scopes names of the scope that is changed and of those above it */
  ofChange(scopes: readonly string[], change: RiskyChange): ApprovalFinding | undefined {
    if (change.is === 'resume') return this.#strictest(scopes, () => ['bidding_resumed'])
    const { raised, removesLimit, loosensHoldMode } = change
    return this.#strictest(scopes, ({ limitAbove, timesUsual }) => [
      ...raised.flatMap(({ from, to }) => [
        ...(limitAbove !== undefined && to > limitAbove ? ['amount' as const] : []),
        // A limit of 0 stops all bids.
        ...(from === 0 ? ['bidding_resumed' as const] : besideUsual(to, from, timesUsual)),
      ]),
      ...(removesLimit ? ['limit_removed' as const] : []),
      ...(loosensHoldMode ? ['hold_mode_loosened' as const] : []),
    ])
  }

  #strictest(
    scopes: readonly string[],
    reasonsOf: (rule: ApprovalRule) => readonly ApprovalReason[],
  ): ApprovalFinding | undefined {
    const found = scopes.flatMap((scope) => {
      const rule = this.#byScope.get(scope)
      const reasons = rule ? reasonsOf(rule) : []
      return rule && rule.mode !== 'off' && reasons.length > 0 ? [{ mode: rule.mode, reasons }] : []
    })
    const strictness = ({ mode }: ApprovalFinding) => APPROVAL_MODES.indexOf(mode)
    const most = Math.max(...found.map(strictness))
    const strictest = found.filter((one) => strictness(one) === most)
    const [first] = strictest
    return first && { mode: first.mode, reasons: [...new Set(strictest.flatMap(({ reasons }) => reasons))] }
  }
}
