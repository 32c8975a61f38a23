import { sleepAwake } from '../clock.ts'
import { CommandError, type Terminal } from './terminal.ts'

/** Between two looks at what is watched. */
const LOOK_MS = 250

export interface State {
  /** What is waited for, or what it came to. */
  readonly line: string
  readonly ended: 'no' | 'well' | 'badly'
  /** As the service said it. */
  readonly answer: unknown
}

/** Notes a state whenever it changes, until it is an end; returns that. Throws {@link CommandError} for a bad one. */
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
