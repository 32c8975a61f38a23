import type { Caveats } from '../platform/caveats.ts'
import { TalkRefused } from '../platform/steps.ts'

/** Pages in a row without a new entry after which a list is taken for endless. */
const MAX_IDLE = 3
const ENDLESS = `the platform went on naming further pages, of which ${MAX_IDLE} in a row brought nothing new`

/** Watches the pages of one list, so that an endless one is left. */
export class Pages {
  readonly #caveats: Caveats | undefined
  /** First and last entries of earlier pages, to recognise a page that comes again. */
  readonly #seen = new Set<string>()
  #idle = 0

  /** @param caveats gets a caveat when a list is left before its end; without it this throws */
  constructor(caveats?: Caveats) {
    this.#caveats = caveats
  }

  /** Takes each page that has a next one. Returns whether the next one should be read. */
  goOn(page: readonly unknown[]): boolean {
    const mark = JSON.stringify([page.length, page[0], page.at(-1)])
    this.#idle = page.length === 0 || this.#seen.has(mark) ? this.#idle + 1 : 0
    this.#seen.add(mark)
    if (this.#idle < MAX_IDLE) return true
    if (!this.#caveats) throw new TalkRefused(ENDLESS)
    this.#caveats.cutOff(`${ENDLESS}; if anything lies behind them, it is missing here`)
    return false
  }
}
