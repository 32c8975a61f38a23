import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Environment } from '../src/config/environment.ts'
import { expectPageWorks, expectReadmeWorks, PAGES, README, walkHere } from './support/walk.ts'

describe('README', () => {
  it('is read in one sitting', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })

  it('has commands that work as they are written, one after the other', async () => {
    await expectReadmeWorks(await walkHere())
  })
})

describe.each(PAGES)('%s', (path) => {
  it('has commands that work as they are written, one after the other, and print what it says', async () => {
    await expectPageWorks(await walkHere(), path)
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
