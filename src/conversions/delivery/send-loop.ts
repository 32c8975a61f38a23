import { messageOf } from '../../errors.ts'
import { StoreAway } from '../../sync/index.ts'
import { endedWithin, Rounds } from '../../time/rounds.ts'
import type { Base } from '../conversions.ts'

/**
 * How often due work is looked for without a nudge, in milliseconds: retries, ended leases, work that other processes
 * left.
 */
const POLL_MS = 250

export interface SendLoopOptions {
  /** What is sent, as a plural noun for the log. */
  readonly what: string
  /** How long a stop waits for calls that are under way, in milliseconds. */
  readonly lastCallsMs: number
}

/** Looks regularly for work that is due, and keeps track of the calls under way. */
export abstract class SendLoop {
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
        if (base.store.state.is !== 'away') await this.look()
      },
      onError: (error) => this.#report(error),
    })
  }

  /**
   * Claims what is due and starts its calls with {@link SendLoop.add}. Never runs twice at once, and not while the
   * database is unavailable.
   */
  protected abstract look(): Promise<void>

  protected get isStopping(): boolean {
    return this.#rounds.isStopping
  }

  /** The number of calls under way. */
  protected get size(): number {
    return this.#underWay.size
  }

  /** Looks for what is due now. */
  nudge(): void {
    this.#rounds.nudge()
  }

  /** Looks for what is due, together with what becomes due within `forMs` milliseconds of the last look. */
  protected gatherFor(forMs: number): void {
    this.#rounds.gather(forMs)
  }

  /** Counts a call as under way at its connection until it ends; then there is room for another, and `onEnd` is called. */
  protected add(
    connection: { underWay: number },
    call: Promise<void>,
    onEnd: () => void = () => this.nudge(),
  ): void {
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

  /** Starts nothing more and waits for calls that are under way. */
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
