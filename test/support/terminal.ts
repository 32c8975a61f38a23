import { runCommand, type Terminal } from '../../src/cli/index.ts'
import { parseConfig } from '../../src/config/config.ts'

export interface PlayedTerminal {
  /** What was asked for. */
  readonly lines: string[]
  /** What was said beside it. */
  readonly notes: string[]
  run(...args: string[]): Promise<number>
}

/** A person at a terminal, with a service at `url`. */
export function terminalAt(
  url: string,
  environment: Record<string, string> = {},
  more: Partial<Terminal> = {},
): PlayedTerminal {
  const lines: string[] = []
  const notes: string[] = []
  const terminal: Terminal = {
    print: (line) => void lines.push(line),
    note: (line) => void notes.push(line),
    input: async function* () {},
    width: undefined,
    url,
    apiKey: undefined,
    config: async () => parseConfig(environment),
    ...more,
  }
  return { lines, notes, run: (...args) => runCommand(args, terminal) }
}
