import { systemClock } from './clock.ts'

/** Length of a slice, in milliseconds: longer work lets everything else have a turn. */
const SLICE_MS = 4

const waiting: (() => void)[] = []

/**
 * Gives the event loop a turn, so that auctions are answered. Of all long work in this process, one piece is done between
 * two turns: ten callers or ten reports at once delay auctions no longer than one does.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(goOn)
  })
}

function goOn(): void {
  const next = waiting.shift()
  if (waiting.length > 0) setImmediate(goOn)
  next?.()
}

/**
 * For long work that a caller causes: auctions are answered in between. It begins with a turn, so that the first slice has
 * its full length as well.
 *
 * ```ts
 * const slices = new Slices()
 * for (const row of rows) {
 *   if (slices.isOver) await slices.next()
 *   work(row)
 * }
 * ```
 */
export class Slices {
  readonly #nowMs: () => number
  #endMs = Number.NEGATIVE_INFINITY

  /** @param nowMs a clock that moves during synchronous work; tests pass another one */
  constructor(nowMs: () => number = systemClock.elapsedMs) {
    this.#nowMs = nowMs
  }

  /** Whether the slice is used up. */
  get isOver(): boolean {
    return this.#nowMs() >= this.#endMs
  }

  async next(): Promise<void> {
    await turn()
    this.#endMs = this.#nowMs() + SLICE_MS
  }
}

/** Maps a list in slices; returns the results in order. */
export async function mapInSlices<T, R>(
  all: Iterable<T>,
  make: (one: T, at: number) => R,
  slices = new Slices(),
): Promise<R[]> {
  const made: R[] = []
  for (const one of all) {
    if (slices.isOver) await slices.next()
    made.push(make(one, made.length))
  }
  return made
}

/** Does asynchronous work for a list, begun in slices, at most `atOnce` at a time; returns the results in order. */
export async function workInSlices<T, R>(
  all: readonly T[],
  atOnce: number,
  work: (one: T, at: number) => Promise<R>,
): Promise<R[]> {
  const slices = new Slices()
  const done: R[] = []
  const left = all.entries()
  const worker = async (): Promise<void> => {
    for (const [at, one] of left) {
      while (slices.isOver) await slices.next()
      done[at] = await work(one, at)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
  return done
}

/** Texts sorted at a time: some milliseconds for long names with a common beginning. */
const SORTED_AT_ONCE = 1_000

/** Finds the first `count` texts in the order of `sort` (UTF-16), in slices. */
export async function firstInOrder(all: Iterable<string>, count: number): Promise<string[]> {
  let first: string[] = []
  let some: string[] = []
  const sortIn = () => {
    first = [...first, ...some].sort().slice(0, count)
    some = []
  }
  for (const text of all) {
    some.push(text)
    if (some.length < SORTED_AT_ONCE) continue
    sortIn()
    await turn()
  }
  sortIn()
  return first
}
