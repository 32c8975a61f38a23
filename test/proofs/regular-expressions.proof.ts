import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import { expect, it } from 'vitest'

interface Expression {
  readonly source: string
  readonly flags: string
  /** The first place where it is found. */
  readonly at: string
}

/** Every literal in `src`. Few see only what we write ourselves, so all are to take linear time. */
function literals(): Expression[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !/\.(test|proof)\.ts$|test-support/.test(path),
  )
  return files.flatMap((path) => {
    const text = readFileSync(join('src', path), 'utf8')
    const found: Expression[] = []
    new Visitor({
      Literal(node) {
        if (!('regex' in node)) return
        const { pattern: source, flags } = node.regex
        found.push({ source, flags, at: `src/${path}:${text.slice(0, node.start).split('\n').length}` })
      },
    }).visit(parseSync(path, text).program)
    return found
  })
}

/** Those that our own code and zod put together when the service is loaded, and for phone numbers of each country. */
async function builtOnes(): Promise<Expression[]> {
  const built: Expression[] = []
  const Native = globalThis.RegExp
  globalThis.RegExp = new Proxy(Native, {
    construct(target, given) {
      const made: RegExp = Reflect.construct(target, given)
      const [, , at = ''] = (new Error().stack ?? '').split('\n')
      if (/\/src\/|\/node_modules\/zod\//.test(at))
        built.push({ source: made.source, flags: made.flags, at: at.trim() })
      return made
    },
  })
  try {
    await import('../../src/main.ts')
    const { e164 } = await import('../../src/connectors/conversions/index.ts')
    const { getCountries } = await import('libphonenumber-js')
    for (const country of getCountries()) e164('0151 2345678', country)
  } finally {
    globalThis.RegExp = Native
  }
  return built
}

/** Patience per expression, in milliseconds: most take less than one, the longest thirty seconds on a machine in use. */
const TIMEOUT_MS = 600_000

/** Says how the expression can be kept busy for more than linear time by a text that is pumped up; undefined where it cannot. */
async function attackOn({
  source,
  flags,
}: Pick<Expression, 'source' | 'flags'>): Promise<string | undefined> {
  // Its programs for each machine are left out by `overrides` in package.json.
  process.env['RECHECK_BACKEND'] = 'pure'
  const { checkSync } = await import('recheck')
  const found = checkSync(source, flags, { timeout: TIMEOUT_MS })
  if (found.status === 'safe') return undefined
  return found.status === 'vulnerable'
    ? `${found.complexity.type}: ${found.attack.pattern.slice(0, 120)}`
    : found.error.kind
}

it('no regular expression takes more than linear time for any text', async () => {
  expect(await attackOn({ source: '^(a+)+$', flags: '' })).toContain('exponential')
  expect(await attackOn({ source: '\\s+$', flags: '' })).toContain('polynomial')

  const all = new Map(
    [...literals(), ...(await builtOnes())].map((one) => [`/${one.source}/${one.flags}`, one]),
  )
  // Fewer would mean that they are not found.
  expect(all.size).toBeGreaterThan(250)
  const bad: string[] = []
  for (const [text, one] of all) {
    const attack = await attackOn(one)
    if (attack !== undefined) bad.push(`${one.at} ${text} ${attack}`)
  }
  expect(bad).toEqual([])
})
