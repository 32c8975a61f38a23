import { AppError } from '../errors.ts'

/** How many rows of each organisation are waiting: the latest count, plus the rows added since. */
export class WaitingRows {
  readonly #what: string
  readonly #most: number
  #byOrg = new Map<number, number>()

  /**
   * @param what what the rows are, in the plural, for the refusal
   * @param most the most waiting rows of an organisation
   */
  constructor(what: string, most: number) {
    this.#what = what
    this.#most = most
  }

  /** The rows of the organisation that has the most. */
  get most(): number {
    return Math.max(0, ...this.#byOrg.values())
  }

  /** Takes over a new count. */
  counted(byOrg: ReadonlyMap<number, number>): void {
    this.#byOrg = new Map(byOrg)
  }

  add(orgId: number, more: number): void {
    this.#byOrg.set(orgId, (this.#byOrg.get(orgId) ?? 0) + more)
  }

  /** Throws 429 if there is no room for `more` rows. */
  require(orgId: number, more: number): void {
    if ((this.#byOrg.get(orgId) ?? 0) + more <= this.#most) return
    throw new AppError(
      'rate_limited',
      `${this.#most} ${this.#what} wait already, as many as an organisation may have (TABLE_LIMITS)`,
      'later',
    )
  }
}
