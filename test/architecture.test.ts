import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Folders of `src`, lowest first; a folder may import only from lower rows. Files of `src` itself are row 0. */
const ROWS: readonly (readonly string[])[] = [
  ['disk'],
  ['platforms', 'shield', 'fallback', 'sandbox', 'api', 'records'],
  ['connectors', 'sync'],
  ['agent'],
  ['workers'],
  ['cli'],
]
/** These two build and describe everything, so they may import everything. */
const TOP = [
  'main.ts',
  'worker.ts',
  'workers-wiring.ts',
  'sandbox-wiring.ts',
  'config.ts',
  'config-client.ts',
  'config-env.ts',
  'config-fields.ts',
  'config-accounts.ts',
  'config-sync.ts',
  'platform-wiring.ts',
  'sync-wiring.ts',
  'records-wiring.ts',
  'notice-wiring.ts',
  'banner.ts',
]
const SRC = 'src'
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const sources = files.filter((path) => !/\.(test|proof)\.ts$|test-support/.test(path))
const textOf = (path: string) => readFileSync(join(SRC, path), 'utf8')

interface Import {
  readonly from: string
  /** Relative to `src`. */
  readonly to: string
}

const imports: Import[] = sources.flatMap((from) =>
  [...textOf(from).matchAll(/from '(\.[^']+)'/g)].map((match) => ({
    from,
    to: relative('.', normalize(join(dirname(from), match[1] ?? ''))),
  })),
)

const folderOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '')

function rowOf(path: string): number {
  if (isTop(path)) return ROWS.length + 1
  const folder = folderOf(path)
  return folder === '' ? 0 : ROWS.findIndex((row) => row.includes(folder)) + 1
}

/** The command line asks and starts everything. */
const isTop = (path: string): boolean => TOP.includes(path) || folderOf(path) === 'cli'

const show = ({ from, to }: Import) => `${from} imports ${to}`

describe('the shape of the source', () => {
  it('has no folder that the rows do not know', () => {
    const known = ROWS.flat()
    expect(
      [...new Set(sources.map(folderOf))].filter((folder) => folder !== '' && !known.includes(folder)),
    ).toEqual([])
  })

  it('imports only downwards, and never across a row', () => {
    const wrong = imports.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && rowOf(to) >= rowOf(from) && !isTop(from),
    )
    expect(wrong.map(show)).toEqual([])
  })

  it('enters a folder through its index.ts', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(from) !== folderOf(to) && folderOf(to) !== '' && !/^\w+\/index\.ts$/.test(to),
    )
    expect(wrong.map(show)).toEqual([])
  })

  it('loads little for a command, which would otherwise take seconds to begin', () => {
    const reached = new Set(['cli/index.ts'])
    for (const path of reached)
      for (const [, to = ''] of textOf(path).matchAll(
        /^(?:import|export) (?!type )[^;]*? from '(\.[^']+)'/gm,
      ))
        reached.add(relative('.', normalize(join(dirname(path), to))))
    const others = [...reached].filter((path) => folderOf(path) !== 'cli')
    expect(others.sort()).toEqual(['clock.ts', 'config-client.ts', 'json-at.ts', 'version.ts'])
  })

  it('reads the environment in config.ts and config-client.ts only', () => {
    expect(
      sources.filter((path) => !/^config(-client)?\.ts$/.test(path) && /process\.env/.test(textOf(path))),
    ).toEqual([])
  })

  it('reads the time in clock.ts only', () => {
    const reads = /Date\.now\(|new Date\(\)|performance\.now\(|hrtime|setTimeout\(|setInterval\(/
    expect(sources.filter((path) => path !== 'clock.ts' && reads.test(textOf(path)))).toEqual([])
  })

  it('gives up no types', () => {
    const givenUp = /: any\b|\bas any\b|@ts-(ignore|expect-error)|as unknown as|<any>/
    expect(sources.filter((path) => givenUp.test(textOf(path)))).toEqual([])
  })
})

describe('the runtime', () => {
  it('is the Node that package.json pins', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(process.version).toBe(`v${dependencies.node}`)
  })

  it('lets only the runtime itself run an install script', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path)
    expect(scripted).toEqual(['node_modules/node'])
  })
})
