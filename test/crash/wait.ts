/** How long anything may take that happens by itself; a lease is ten seconds, and the machine may be busy. */
const PATIENCE_MS = 60_000

/** Resolves after so many milliseconds of real time. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Resolves once something holds; rejects with what it is when it does not come. */
export async function soon(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`)
    await pause(50)
  }
}
