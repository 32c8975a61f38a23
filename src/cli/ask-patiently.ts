import { sleepAwake } from '../time/clock.ts'
import { ask, type Question, RequestRefused } from './ask.ts'
import type { Terminal } from './terminal.ts'

/** The service is asked so often again for one request. */
const MAX_WAITS = 20

/**
 * Asks the service, and again after as long as it says where it is asked too often.
 * @param before what was sent before, as in `1000 events`; said while it waits
 */
export async function askPatiently(
  terminal: Terminal,
  path: string,
  question: Question,
  before: string,
): Promise<unknown> {
  for (let waits = 0; ; waits++) {
    try {
      return await ask(terminal, path, question)
    } catch (error) {
      const retryAfterMs =
        error instanceof RequestRefused && error.status === 429 ? error.retryAfterMs : undefined
      if (retryAfterMs === undefined || waits === MAX_WAITS) throw error
      terminal.note(`after ${before} the service is asked again in ${retryAfterMs / 1_000} s`)
      await sleepAwake(retryAfterMs)
    }
  }
}

/** Says what was sent before something failed. */
export function noteSent(terminal: Terminal, count: number, many: string): void {
  if (count > 0) terminal.note(`${count} ${many} were sent; what is sent again does no harm`)
}
