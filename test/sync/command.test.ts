import { describe, expect, it } from 'vitest'
import { runCommand } from '../../src/cli.ts'
import { parseConfig } from '../../src/config.ts'
import { startReads } from '../support/reads.ts'

async function terminal(environment: Record<string, string> = {}) {
  const reads = await startReads(environment)
  const lines: string[] = []
  const run = (...args: string[]) =>
    runCommand(args, parseConfig({ ...environment }), {
      print: (line) => lines.push(line),
      url: reads.service.url,
      apiKey: undefined,
    })
  return { reads, lines, run }
}

describe('the command line', () => {
  it('lists connections, reads a report and watches it until it is there', async () => {
    const { reads, lines, run } = await terminal()
    const id = await reads.connect({ settings: { reports: ['performance'] } })
    reads.platform.rows = [{ date: '2026-11-01', id: 'a', clicks: 1 }]
    expect(await run('connectors', 'list')).toBe(0)
    expect(lines.at(-1)).toMatch(new RegExp(`^${id} {2}DV360 {2}acc-1 {2}connected`))
    expect(await run('connectors', 'fetch', id, 'performance', '--start', '2026-11-01', '--watch')).toBe(0)
    expect(lines.at(-1)).toMatch(/^completed 100 % 1 rows, \d+ bytes, file:/)
    expect(await run('connectors', 'sync', id, '--watch')).toBe(0)
    expect(lines.at(-1)).toMatch(/^completed \d+ rows/)
  })

  it('says where to go to connect an account, and how it is used', async () => {
    const { lines, run } = await terminal()
    expect(await run('connectors', 'connect', 'DV360', '--callback', 'http://localhost:1/')).toBe(0)
    expect(lines.at(-1)).toMatch(/^Open: http/)
    expect(await run('nonsense')).toBe(2)
    expect(lines.at(-1)).toMatch(/^usage/)
  })
})
