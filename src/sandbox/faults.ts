import { z } from 'zod'

/**
 * What goes wrong with one request. `_after` and `malformed`: the platform has done what was asked, and only the answer
 * suffers; all others leave it undone, but for `latency`, `usage` and `no_content`.
 */
export const Fault = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('latency'), ms: z.number().min(0).max(600_000) }),
  z.strictObject({ is: z.enum(['hold', 'hold_after']) }),
  z.strictObject({ is: z.literal('error'), name: z.string() }),
  z.strictObject({ is: z.enum(['http', 'http_after']), status: z.number().int().min(400).max(599) }),
  z.strictObject({ is: z.enum(['reset', 'reset_after', 'malformed', 'ignored', 'no_content']) }),
  z.strictObject({ is: z.literal('usage'), percent: z.number().min(0).max(1000) }),
])
export type Fault = z.output<typeof Fault>

export const FaultRule = z.strictObject({
  platform: z.enum(['google_ads', 'google_oauth', 'meta', 'tradedesk']),
  method: z.string().optional(),
  /** Part of the request's path. */
  path: z.string().optional(),
  /** How many requests it befalls; 1 by default. */
  times: z.union([z.number().int().min(1), z.literal('always')]).default(1),
  /** Of befalling a request that it matches; 1 by default. Drawn from a seeded sequence. */
  probability: z.number().min(0).max(1).default(1),
  fault: Fault,
})
export type FaultRule = z.input<typeof FaultRule>

interface Active extends z.output<typeof FaultRule> {
  left: number
}

/** Faults by rule, first match first; and the answers that are held back until somebody lets them go. */
export class FaultScript {
  #rules: Active[] = []
  #gates: (() => void)[] = []
  #random = 1

  add(rule: FaultRule): void {
    const known = FaultRule.parse(rule)
    this.#rules.push({ ...known, left: known.times === 'always' ? Number.POSITIVE_INFINITY : known.times })
  }

  clear(): void {
    this.#rules = []
  }

  /** Lets every held answer go. */
  release(): void {
    const gates = this.#gates
    this.#gates = []
    for (const open of gates) open()
  }

  /** How many requests wait for {@link release}. */
  held(): number {
    return this.#gates.length
  }

  /** The fault that befalls a request; uses it up. */
  draw(platform: string, method: string, path: string): Fault | undefined {
    for (const rule of this.#rules) {
      if (rule.left === 0 || rule.platform !== platform) continue
      if (rule.method !== undefined && rule.method !== method) continue
      if (rule.path !== undefined && !path.includes(rule.path)) continue
      if (rule.probability < 1 && this.#next() >= rule.probability) continue
      rule.left -= 1
      return rule.fault
    }
    return undefined
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#gates.push(resolve))
  }

  /** A linear congruential generator: repeatable, and good enough to pick requests by. */
  #next(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0
    return this.#random / 2 ** 32
  }
}
