import { sleepAwake } from '../time/clock.ts'
import { CommandError, type Terminal } from './terminal.ts'

/** Milliseconds between two requests for the state. */
const LOOK_MS = 250

export interface State {
  /** One line about the present state. */
  readonly line: string
  /** What the figures that were read lack. */
  readonly caveats?: readonly string[]
  readonly ended: 'no' | 'well' | 'badly'
  /** The answer of the service. */
  readonly answer: unknown
}

/** Prints each new state until the last one, and returns it. Throws {@link CommandError} if it ended badly. */
export async function watch({ note }: Terminal, look: () => Promise<State>): Promise<State> {
  let last = ''
  for (;;) {
    const state = await look()
    if (state.ended === 'badly') throw new CommandError(state.line)
    if (state.ended === 'well') return state
    if (state.line !== last) note(state.line)
    last = state.line
    await sleepAwake(LOOK_MS)
  }
}
