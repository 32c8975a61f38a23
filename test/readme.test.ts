import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Environment } from '../src/config/environment.ts'
import { freePort } from './support/free-port.ts'
import { listening, start } from './support/service.ts'

const README = readFileSync('README.md', 'utf8')
/** Pages for users whose commands run as they are written, each against a service of its own. */
const PAGES = ['docs/conversions.md']
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Commands of a page's shell blocks, without comments, in their order. */
const commandsOf = (page: string): string[] =>
  [...page.matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, block = '']) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
const commands = commandsOf(README)

/** Those that install, start or test everything: that they are scripts of the package is all that can be tried here. */
const WHOLE = /^npm (ci|start|test)$/

/** What stands for an id, and where it is said. */
const PLACEHOLDERS: Readonly<Record<string, RegExp>> = {
  '<connection>': /^([0-9a-f-]{36}) connected$/m,
  '<request>': /^request ([0-9a-f-]{36}),/m,
}

/** Runs a line as the shell would, against a service; a person logs in where an address to open is printed. */
async function run(
  line: string,
  environment: Record<string, string>,
): Promise<{ code: unknown; output: string }> {
  // The scripts are run without npm, which takes longer than they do.
  const words = line.replaceAll(/\bnpm run -s (\w+) --/g, (_, name) => scripts[name])
  const child = spawn('bash', ['--norc', '-c', words.replace(/^curl /, 'curl --fail-with-body ')], {
    env: environment,
  })
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

describe('README', () => {
  it('is read in one sitting', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })

  it('has commands that work as they are written, one after the other', async () => {
    const PATH = `${process.execPath.replace(/\/node$/, '')}:${process.env['PATH']}`
    const service = start({ PORT: '0' })
    const url = await listening(service)
    const environment = {
      ...{ PATH, BIDWARDEN_URL: url, DATA_DIR: service.dataDir },
      // What is compiled already saves most of a command's start.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
    }
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
      const { code, output } = await run(line, environment)
      expect({ command, code, output }).toEqual({ command, code: 0, output: expect.stringMatching(/\S/) })
      said += output
    }
    expect(commands.length).toBeGreaterThan(15)
    expect(said).toMatch(/^completed: \d+ rows/m)
    expect(said).toMatch(/^date,campaign_id,spend,clicks,/m)
  })
})

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

describe.each(PAGES)('%s', (path) => {
  it('has commands that work as they are written, one after the other, and print what it says', async () => {
    const sandboxPort = await freePort()
    const service = start({ PORT: '0', SANDBOX_PORT: String(sandboxPort) })
    const url = await listening(service)
    const environment = {
      PATH: `${process.execPath.replace(/\/node$/, '')}:${process.env['PATH']}`,
      ...{ BIDWARDEN_URL: url, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' },
    }
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
          .replaceAll('http://127.0.0.1:8004', `http://127.0.0.1:${sandboxPort}`)
        const { code, output } = await run(line, environment)
        const shown = command.startsWith('curl ') ? /^\{.*\}$/m : /\S/
        expect({ command, code, output }).toEqual({ command, code: 0, output: expect.stringMatching(shown) })
        said += output
        commandsRun += 1
      }
    }
    expect(commandsRun).toBeGreaterThan(20)
  })
})

describe('the variables', () => {
  const names = Object.keys(Environment.shape).sort()
  const table = [...readFileSync('docs/configuration.md', 'utf8').matchAll(/^\| `(\w+)` \| (.*?) \|/gm)]
  const example = readFileSync('.env.example', 'utf8')

  it('are all in docs/configuration.md, once, with the defaults that they have', () => {
    expect(table.map(([, name]) => name).sort()).toEqual(names)
    for (const [, name = '', text = ''] of table) {
      const byDefault = /^`([^`]*)`$/.exec(text)?.[1]
      const [set, unset] = [{ [name]: byDefault }, {}].map((one) => Reflect.get(Environment.parse(one), name))
      expect([name, byDefault === undefined ? undefined : set]).toEqual([
        name,
        byDefault === undefined ? undefined : unset,
      ])
      if (byDefault === undefined) expect([name, typeof unset === 'number']).toEqual([name, false])
    }
  })

  it('are all in .env.example, and it changes nothing but to say that it is mock mode', () => {
    const lines = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$/gm)]
    expect(lines.map(([, name]) => name).sort()).toEqual(names)
    const set = [...example.matchAll(/^([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value])
    expect(Environment.parse(Object.fromEntries(set))).toEqual({ ...Environment.parse({}), MOCK_MODE: true })
  })
})
