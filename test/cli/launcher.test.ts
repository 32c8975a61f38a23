import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { folder, INHERITED } from '../support/service.ts'

const LAUNCHER = './bin/bidwarden.cjs'
const {
  scripts,
  bin,
  dependencies: packages,
  devDependencies: tools,
} = JSON.parse(readFileSync('package.json', 'utf8'))

/** The launcher as a Node of another version runs it. */
function runBy(version: string, ...args: string[]) {
  const as = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-e', `${as}; require('${LAUNCHER}')`, '--', 'bidwarden', ...args],
    { encoding: 'utf8' },
  )
  return { status, stdout, lines: stderr.split('\n').filter((line) => line !== '') }
}

describe('a machine with a Node of its own that does not fit', () => {
  it.each(['10.24.1', '20.20.2', '24.20.9', '25.0.0'])('%s is told in a line what to do', (version) => {
    for (const args of [[], ['bids']]) {
      const { status, lines } = runBy(version, ...args)
      expect(status).toBe(1)
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(
        new RegExp(`needs Node 24\\.\\d+\\.\\d+, and this is ${version}.*npm ci.*npm start`),
      )
    }
  })

  it('comes by the launcher whatever it is told to start', () => {
    expect(bin.bidwarden).toBe('bin/bidwarden.cjs')
    for (const name of ['start', 'bidwarden', 'key'])
      expect(scripts[name]).toMatch(/^(exec )?node (--\S+ )*bin\/bidwarden\.cjs/)
  })

  it('can read the launcher', () => {
    for (const file of [LAUNCHER, 'bin/ready.cjs']) {
      const text = readFileSync(file, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')
      // What Node 8 cannot read, whether it comes to it or not.
      expect(text).not.toMatch(/\?\.|\?\?|\basync\b|\bawait\b|\bimport\b|\.\.\.|catch \{|'node:/)
    }
  })
})

describe('the right Node', () => {
  it('is told in a line what to do where the packages are not installed', () => {
    const copy = folder()
    for (const part of ['bin', 'package.json']) cpSync(part, join(copy, part), { recursive: true })
    const run = (file: string, ...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [join(copy, file), ...args], {
        encoding: 'utf8',
      })
      return { status, stderr }
    }
    const line = (names: string) =>
      `Packages that Bidwarden needs are not installed (${names}): run "npm ci" in ${copy}, then try again.\n`
    const dependencies = Object.keys(packages).filter((name) => name !== 'node')
    const all = `${dependencies.slice(0, 3).join(', ')} …`
    for (const args of [[], ['bids']])
      expect(run(LAUNCHER, ...args)).toEqual({ status: 1, stderr: line(all) })
    for (const name of dependencies) mkdirSync(join(copy, 'node_modules', name), { recursive: true })
    expect(run('bin/ready.cjs')).toEqual({
      status: 1,
      stderr: line(`${Object.keys(tools).slice(0, 3).join(', ')} …`),
    })
    for (const name of Object.keys(tools)) mkdirSync(join(copy, 'node_modules', name), { recursive: true })
    expect(run('bin/ready.cjs')).toEqual({ status: 0, stderr: '' })
  })

  it('is asked for by every script that needs packages of development', () => {
    const { prepare: _, start: __, dev: ___, key: ____, bidwarden: _____, ...others } = scripts
    for (const script of Object.values(others)) expect(script).toMatch(/^node bin\/ready\.cjs && /)
  })

  it('runs the command', () => {
    const { status, stdout, lines } = runBy(process.versions.node, '--version')
    expect({ status, lines }).toEqual({ status: 0, lines: [] })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a pipe that nobody reads any more', () => {
  it.each(['stdout', 'stderr'] as const)(
    'ends a command without a word, as by SIGPIPE: %s',
    async (unread) => {
      const child = spawn(process.execPath, [LAUNCHER, unread === 'stdout' ? '--help' : 'nothing'])
      child[unread].destroy()
      const read = text(unread === 'stdout' ? child.stderr : child.stdout)
      const [code] = await once(child, 'exit')
      expect({ code, read: await read }).toEqual({ code: 141, read: '' })
    },
  )
})

describe('a file .env', () => {
  /** What a command and the service say in a folder, with this environment. */
  function runIn(cwd: string, env: Record<string, string>, ...args: string[]) {
    const { status, stderr } = spawnSync(process.execPath, [resolve(LAUNCHER), ...args], {
      ...{ cwd, encoding: 'utf8' },
      env: { ...INHERITED, ...env },
    })
    return { status, said: stderr }
  }

  it('is read by commands and by the service, and counts after what is set', () => {
    const cwd = folder()
    writeFileSync(join(cwd, '.env'), '# ours\nBIDWARDEN_URL="http://127.0.0.1:9"\nPORT=none\n')
    expect(runIn(cwd, {}, 'budgets').said).toContain('http://127.0.0.1:9')
    expect(runIn(cwd, { BIDWARDEN_URL: 'http://127.0.0.1:7' }, 'budgets').said).toContain(
      'http://127.0.0.1:7',
    )
    expect(runIn(cwd, {}, 'start')).toMatchObject({ status: 1, said: expect.stringContaining('PORT') })
    const mistyped = runIn(cwd, { PORT: '0', GOOGLE_ADS_BUGDET: '5' }, 'start')
    expect(mistyped).toMatchObject({
      status: 1,
      said: expect.stringContaining(
        'GOOGLE_ADS_BUGDET: is no variable that is read; did you mean GOOGLE_ADS_BUDGET?',
      ),
    })
  })

  it('may begin with a byte order mark, and be in UTF-16', () => {
    const cwd = folder()
    const text = '\uFEFFBIDWARDEN_URL=http://127.0.0.1:9\r\n'
    const [little, big] = [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]
    for (const bytes of [Buffer.from(text), little, big]) {
      writeFileSync(join(cwd, '.env'), bytes)
      expect(runIn(cwd, {}, 'budgets').said).toContain('http://127.0.0.1:9')
    }
  })

  it('with a mistyped name stops a command, which would ask another service, but none that stops bids', () => {
    const cwd = folder()
    writeFileSync(join(cwd, '.env'), 'BIDWARDEN_URLL=http://127.0.0.1:7\n')
    const wrong = 'bidwarden: BIDWARDEN_URLL: is no variable that is read; did you mean BIDWARDEN_URL?\n'
    expect(runIn(cwd, {}, 'budgets')).toEqual({ status: 2, said: wrong })
    const stop = runIn(cwd, { BIDWARDEN_URL: 'http://127.0.0.1:9' }, 'pause', 'platform:meta')
    expect(stop.said).toMatch(`${wrong}bidwarden: `)
    expect(stop.said).toContain('http://127.0.0.1:9')
    expect(runIn(cwd, {}, '--version')).toEqual({ status: 0, said: '' })
  })

  it('may be a folder, and stops what is started when it cannot be read', () => {
    const cwd = folder()
    mkdirSync(join(cwd, '.env'))
    expect(runIn(cwd, {}, '--version')).toEqual({ status: 0, said: '' })
    const other = folder()
    symlinkSync('.env', join(other, '.env'))
    expect(runIn(other, {}, '--version')).toMatchObject({
      status: 1,
      said: expect.stringMatching(/^.*\.env cannot be read: ELOOP.*\n$/),
    })
  })
})
