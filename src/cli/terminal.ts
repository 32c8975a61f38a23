import type { Config } from '../config/config.ts'

/** What a command needs of its surroundings. */
export interface Terminal {
  /** Prints a line of the result on standard output. */
  print(line: string): void
  /** Prints a line of progress or a problem on standard error. */
  note(line: string): void
  /** What comes on standard input, for commands that read it. */
  input(): AsyncIterable<Uint8Array>
  /** Columns of the screen; undefined where the output is not a terminal. */
  readonly width: number | undefined
  /** Address and API key of the service. */
  readonly url: string
  readonly apiKey: string | undefined
  /** Configuration of the service, for commands that need no running service. Read when needed: it loads much of the service. */
  config(): Promise<Config>
}

/** A problem that is shown to the user in one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** A wrong use of a command. */
export class UsageError extends CommandError {}

/** Makes a text of others safe for a screen: nothing in it moves the cursor, changes colours, breaks the line or its direction. */
export const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')
