import { type Clock, every } from './clock.ts'

export interface RoundsOptions {
  /** Milliseconds between two rounds without a nudge. */
  readonly periodMs: number
  /** Looks for work and begins it. It is never run twice at once. */
  readonly round: () => Promise<void>
  readonly onError: (error: unknown) => void
}

/** Looks for work again and again, and at once when told that there is some. */
export class Rounds {
  readonly #clock: Clock
  readonly #options: RoundsOptions
  readonly #cancel: () => void
  #cancelGather: (() => void) | undefined
  /** When the last look began (elapsed ms). */
  #lookedMs = Number.NEGATIVE_INFINITY
  #isStopping = false
  #running: Promise<void> | undefined
  /** Whether to begin another round when the present one has ended. */
  #again = false

  constructor(clock: Clock, options: RoundsOptions) {
    this.#clock = clock
    this.#options = options
    this.#cancel = every(clock, options.periodMs, () => this.nudge())
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /**
   * Looks for work, but not sooner than so many milliseconds after the last look began: what comes meanwhile is gathered. The first
   * look after a while is at once.
   */
  gather(forMs: number): void {
    const waitMs = this.#lookedMs + forMs - this.#clock.elapsedMs()
    if (waitMs <= 0) this.nudge()
    else if (!this.#isStopping) this.#cancelGather ??= this.#clock.after(waitMs, () => this.nudge())
  }

  /** Looks for work now. */
  nudge(): void {
    if (this.#isStopping) return
    if (this.#running) {
      this.#again = true
      return
    }
    this.#cancelGather?.()
    this.#cancelGather = undefined
    this.#lookedMs = this.#clock.elapsedMs()
    this.#running = this.#options
      .round()
      .catch((error) => this.#options.onError(error))
      .finally(() => {
        this.#running = undefined
        if (!this.#again) return
        this.#again = false
        this.nudge()
      })
  }

  /** Begins no more rounds, and waits for the present one. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#cancel()
    this.#cancelGather?.()
    await this.#running
  }
}

/** Resolves when all have ended, or after `forMs` milliseconds. */
export function endedWithin(clock: Clock, forMs: number, all: Iterable<Promise<unknown>>): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = clock.after(forMs, resolve)
    void Promise.all(all).then(() => {
      giveUp()
      resolve()
    })
  })
}
