import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { StoreAway } from './store/index.ts'

/** Work that nobody waits for: its errors are logged. */
export class Background {
  readonly #log: Logger
  #isStopping = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** Resolves when the work has ended, whatever its end. */
  run(work: Promise<unknown>): Promise<unknown> {
    return work.catch((error) => {
      // An unavailable database is logged once, when it becomes unavailable.
      if (!this.#isStopping && !(error instanceof StoreAway))
        this.#log.error({ err: error }, messageOf(error))
    })
  }

  /** Errors are not logged from now on: what is closed under running work makes it fail. */
  stop(): void {
    this.#isStopping = true
  }
}
