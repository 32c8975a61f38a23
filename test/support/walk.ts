import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { expect, onTestFinished } from 'vitest'
import { runCommand } from '../../src/cli/index.ts'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { freePort } from './free-port.ts'
import { listenUntilEnd } from './local-server.ts'
import { writeInOtherThreads, writeInThisThread } from './same-thread.ts'
import { folder, listening, start } from './service.ts'

export const README = readFileSync('README.md', 'utf8')
/** Pages for users whose commands run as they are written, each against a service of its own. */
export const PAGES = ['docs/conversions.md']
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Where the commands of a page are run as they are written. */
export interface Walk {
  readonly url: string
  readonly sandboxUrl: string
  /** Runs a line as the shell would; a person logs in where an address to open is printed. */
  run(line: string): Promise<{ code: unknown; output: string }>
}

/** A service as a process, and a process for each command, as users have them. */
export async function walkByProcesses(): Promise<Walk> {
  const sandboxPort = String(await freePort())
  const service = start({ PORT: '0', SANDBOX_PORT: sandboxPort })
  const url = await listening(service)
  const environment = {
    PATH: `${process.execPath.replace(/\/node$/, '')}:${process.env['PATH']}`,
    ...{ BIDWARDEN_URL: url, DATA_DIR: service.dataDir },
    // What is compiled already saves most of a command's start.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
  }
  const run = (line: string) => runInShell(withScripts(line), environment)
  return { url, sandboxUrl: `http://127.0.0.1:${sandboxPort}`, run }
}

/** The shell's `bidwarden`: asks {@link commandsHere}, and says what it is told. */
const PRELUDE = `bidwarden() {
  local input=(); [[ " $* " == *" - "* ]] && input=(--data-binary @-)
  curl -sN -X POST "\${input[@]}" -H "words: $(printf '%s\\0' "$@" | base64 -w 0)" "$COMMANDS" | {
    while IFS= read -r line; do
      case $line in
        out*) echo "\${line#out }" ;;
        note*) echo "\${line#note }" >&2 ;;
        end*) exit "\${line#end }" ;;
      esac
    done
    exit 1
  }
}
`

/** Service and commands are run by this process, which takes a tenth of the processor time; the shell is a real one. */
export async function walkHere(): Promise<Walk> {
  // A command that waits for a lock of the service's files would wait for its own thread.
  writeInOtherThreads()
  onTestFinished(writeInThisThread)
  const sandboxPort = String(await freePort())
  const dataDir = folder()
  const config = parseConfig({ PORT: '0', SANDBOX_PORT: sandboxPort, DATA_DIR: dataDir })
  const service = await startService(config, { log: createLog('silent') })
  onTestFinished(() => service.stop())
  const COMMANDS = await commandsHere(service.url, dataDir)
  const environment = { PATH: process.env['PATH'] ?? '', COMMANDS }
  const run = (line: string) =>
    runInShell(PRELUDE + withScripts(line).replaceAll('node bin/bidwarden.cjs', 'bidwarden'), environment)
  return { url: service.url, sandboxUrl: `http://127.0.0.1:${sandboxPort}`, run }
}

/** Runs the commands that it is posted, each with its standard input; says their lines as they come, and how they end. */
function commandsHere(url: string, dataDir: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const words = Buffer.from(String(request.headers['words']), 'base64').toString().split('\0').slice(0, -1)
    const say = (kind: string) => (text: string) =>
      void response.write(text.replaceAll(/^/gm, `${kind} `).concat('\n'))
    const code = await runCommand(words, {
      ...{ print: say('out'), note: say('note'), input: () => request },
      ...{ width: undefined, url, apiKey: undefined },
      config: async () => parseConfig({ DATA_DIR: dataDir }),
    })
    response.end(`end ${code}\n`)
  })
  return listenUntilEnd(server)
}

/** The scripts are run without npm, which takes longer than they do. */
const withScripts = (line: string): string =>
  line
    .replaceAll(/\bnpm run -s (\w+) --/g, (_, name) => scripts[name])
    .replace(/^curl /, 'curl --fail-with-body ')

async function runInShell(
  words: string,
  environment: Record<string, string>,
): Promise<{ code: unknown; output: string }> {
  const child = spawn('bash', ['--norc', '-c', words], { env: environment })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => {
    output += chunk
    const address = /^Open (\S+)$/m.exec(String(chunk))?.[1]
    if (address) void fetch(address).then((page) => page.text())
  })
  const [code] = await once(child, 'close')
  return { code, output }
}

/** Commands of a page's shell blocks, without comments, in their order. */
const commandsOf = (page: string): string[] =>
  [...page.matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, block = '']) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')

/** Those that install, start or test everything: that they are scripts of the package is all that can be tried here. */
const WHOLE = /^npm (ci|start|test)$/

/** What stands for an id, and where it is said. */
const PLACEHOLDERS: Readonly<Record<string, RegExp>> = {
  '<connection>': /^([0-9a-f-]{36}) connected$/m,
  '<request>': /^request ([0-9a-f-]{36}),/m,
}

/** Expects the commands of the README to work, one after the other. */
export async function expectReadmeWorks({ url, run }: Walk): Promise<void> {
  const commands = commandsOf(README)
  let said = ''
  for (const command of commands) {
    if (WHOLE.test(command)) {
      const script = command.split(' ')[1] ?? ''
      expect(script === 'ci' || scripts[script]).toBeTruthy()
      continue
    }
    const line = command
      .replaceAll('http://127.0.0.1:8003', url)
      .replaceAll(
        /<\w+>/g,
        (name) => PLACEHOLDERS[name]?.exec(said)?.[1] ?? `no-${name.slice(1, -1)}-was-said`,
      )
    const { code, output } = await run(line)
    expect({ command, code, output }).toEqual({ command, code: 0, output: expect.stringMatching(/\S/) })
    said += output
  }
  expect(commands.length).toBeGreaterThan(15)
  expect(said).toMatch(/^completed: \d+ rows/m)
  expect(said).toMatch(/^date,campaign_id,spend,clicks,/m)
}

/** Blocks of a page in their order: commands, and what they print. */
const blocksOf = (page: string): { readonly kind: string; readonly text: string }[] =>
  [...page.matchAll(/```(sh|text)\n.*?```/gs)].map(([text, kind = '']) => ({ kind, text }))

/** What a block says that its commands print: blanks are as many as there are, `…` is anything, other lines may be between. */
const printed = (block: string): RegExp =>
  new RegExp(
    block
      .replaceAll(/^(```.*|…)$\n?/gm, '')
      .trim()
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/ +/g, ' +')
      .replaceAll(/\n/g, '[^]*?\n *')
      .replaceAll('…', '[^]*?'),
  )

/** Expects the commands of a page to work, one after the other, and to print what it says. */
export async function expectPageWorks({ url, sandboxUrl, run }: Walk, path: string): Promise<void> {
  let said = ''
  let commandsRun = 0
  for (const { kind, text } of blocksOf(readFileSync(path, 'utf8'))) {
    if (kind === 'text') {
      expect(said).toMatch(printed(text))
      continue
    }
    said = ''
    for (const command of commandsOf(text)) {
      const line = command
        .replaceAll('http://127.0.0.1:8003', url)
        .replaceAll('http://127.0.0.1:8004', sandboxUrl)
      const { code, output } = await run(line)
      const shown = command.startsWith('curl ') ? /^\{.*\}$/m : /\S/
      expect({ command, code, output }).toEqual({ command, code: 0, output: expect.stringMatching(shown) })
      said += output
      commandsRun += 1
    }
  }
  expect(commandsRun).toBeGreaterThan(20)
}
