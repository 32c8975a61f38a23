import { sleepAwake } from '../time/clock.ts'
import { ask, type Question, RequestRefused } from './ask.ts'
import type { Terminal } from './terminal.ts'

/** How often one request is repeated before its refusal is thrown. */
const MAX_WAITS = 20

/**
 * Asks the service. If it answers 429 and says when to ask again, waits so long and repeats the request.
 * @param before what was sent before this request, such as `1000 events`, for the note about the wait
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

/** Notes how much was sent before a failure, so that the user knows that everything may be sent again. */
export function noteSent(terminal: Terminal, count: number, many: string): void {
  if (count > 0) terminal.note(`${count} ${many} were sent; what is sent again does no harm`)
}
