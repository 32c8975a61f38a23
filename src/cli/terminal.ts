import type { Config } from '../config.ts'

/** What a command needs of the world. */
export interface Terminal {
  /** A line of what was asked for. */
  print(line: string): void
  /** A line beside it: progress, problems. */
  note(line: string): void
  /** Columns of the screen; undefined where nobody looks, as in a pipe. */
  readonly width: number | undefined
  /** Where the service answers, and the key it asks for. */
  readonly url: string
  readonly apiKey: string | undefined
  /** Of the service itself, for what is done beside it. Read when it is needed: it loads all of the service. */
  config(): Promise<Config>
}

/** A problem that the person at the terminal is told in a line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** Text of others on a screen: nothing in it moves the cursor or changes colours. */
export const plain = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')
