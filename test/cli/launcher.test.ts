import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const LAUNCHER = './bin/bidwarden.cjs'
const { scripts, bin } = JSON.parse(readFileSync('package.json', 'utf8'))

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
      expect(scripts[name]).toMatch(/^node bin\/bidwarden\.cjs/)
  })

  it('can read the launcher', () => {
    const text = readFileSync(LAUNCHER, 'utf8')
    expect(text).not.toMatch(/\?\.|\?\?|\basync\b|\bawait\b|^import /m)
    expect(text.split('else {')[0]).not.toContain("require('node:")
  })
})

describe('the right Node', () => {
  it('runs the command', () => {
    const { status, stdout, lines } = runBy(process.versions.node, '--version')
    expect({ status, lines }).toEqual({ status: 0, lines: [] })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
