/** The parts that were opened, so that they are closed in reverse order. */
export class OpenParts {
  readonly #closes: (() => unknown)[] = []

  /** @param close called and awaited after everything that was opened later is closed */
  add(close: () => unknown): void {
    this.#closes.push(close)
  }

  async close(): Promise<void> {
    for (let close = this.#closes.pop(); close; close = this.#closes.pop()) await close()
  }
}
