import { messageOf } from '../../errors.ts'
import { StoreAway } from '../../sync/index.ts'
import { endedWithin, Rounds } from '../../time/rounds.ts'
import type { Base } from '../conversions.ts'

/** Milliseconds between two looks without a nudge: retries, ended leases, what other processes have left. */
const POLL_MS = 250

export interface SendLoopOptions {
  /** What is sent, in the plural, for the log. */
  readonly what: string
  /** Milliseconds for which calls under way are waited for at a stop. */
  readonly lastCallsMs: number
  /** Claims what is due and begins its calls with {@link SendLoop.add}. Never run twice at once, nor without a database. */
  readonly look: () => Promise<void>
}

/** Looks for what is due to be sent, and knows the calls that are under way. */
export class SendLoop {
  readonly #base: Pick<Base, 'store' | 'clock' | 'log'>
  readonly #options: SendLoopOptions
  readonly #underWay = new Set<Promise<void>>()
  readonly #rounds: Rounds

  constructor(base: Pick<Base, 'store' | 'clock' | 'log'>, options: SendLoopOptions) {
    this.#base = base
    this.#options = options
    this.#rounds = new Rounds(base.clock, {
      periodMs: POLL_MS,
      round: async () => {
        if (base.store.state.is !== 'away') await options.look()
      },
      onError: (error) => this.#report(error),
    })
  }

  get isStopping(): boolean {
    return this.#rounds.isStopping
  }

  /** How many calls are under way. */
  get size(): number {
    return this.#underWay.size
  }

  /** Looks for what is due now. */
  nudge(): void {
    this.#rounds.nudge()
  }

  /** Looks for what is due, with what else comes within `forMs` milliseconds of the last look. */
  gather(forMs: number): void {
    this.#rounds.gather(forMs)
  }

  /** Counts a call at its connection until it has ended; then there is room for another, and `onEnd` is called. */
  add(connection: { underWay: number }, call: Promise<void>, onEnd: () => void = () => this.nudge()): void {
    connection.underWay += 1
    const ended = call
      .catch((error) => this.#report(error))
      .finally(() => {
        connection.underWay -= 1
        this.#underWay.delete(ended)
        onEnd()
      })
    this.#underWay.add(ended)
  }

  /** Begins nothing more and waits for calls that are under way. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    await endedWithin(this.#base.clock, this.#options.lastCallsMs, this.#underWay)
  }

  /** An unavailable database is logged once, when it becomes unavailable; the leases of what was claimed then end. */
  #report(error: unknown): void {
    if (error instanceof StoreAway) return
    this.#base.log.error({ err: error }, `${this.#options.what} cannot be sent: ${messageOf(error)}`)
  }
}
