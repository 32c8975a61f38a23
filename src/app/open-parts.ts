/** What was opened, so that it is closed in reverse. */
export class OpenParts {
  readonly #closes: (() => unknown)[] = []

  /** @param close called, and waited for, when everything that was opened later is closed */
  add(close: () => unknown): void {
    this.#closes.push(close)
  }

  async close(): Promise<void> {
    for (let close = this.#closes.pop(); close; close = this.#closes.pop()) await close()
  }
}
