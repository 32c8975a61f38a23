import { AppError } from '../errors.ts'

/**
 * Limits how many streams are open at the same time: answers that last until one side ends them. One caller, or one
 * organisation, may have half of them, rounded up.
 */
export class Places<Who> {
  readonly #most: number
  readonly #taken = new Map<Who, number>()
  #size = 0

  /** @param most most places taken at once */
  constructor(most: number) {
    this.#most = most
  }

  /** How many are taken. */
  get size(): number {
    return this.#size
  }

  /** Takes a place and returns the function that frees it. Throws 429 when there is none. */
  enter(who: Who): () => void {
    const own = this.#taken.get(who) ?? 0
    if (own >= Math.ceil(this.#most / 2) || this.#size >= this.#most)
      throw new AppError('rate_limited', 'Too many streams of events are open', 'later')
    this.#taken.set(who, own + 1)
    this.#size += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#size -= 1
      const left = (this.#taken.get(who) ?? 1) - 1
      if (left === 0) this.#taken.delete(who)
      else this.#taken.set(who, left)
    }
  }
}
