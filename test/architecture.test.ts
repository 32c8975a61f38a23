import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Folders of `src`, lowest first; a folder may import only from lower rows. Files of `src` itself are row 0. */
const ROWS: readonly (readonly string[])[] = [
  ['time', 'json', 'http', 'metrics'],
  ['storage'],
  ['shield', 'fallback', 'sandbox', 'api'],
  ['audit', 'notify', 'console'],
  ['connectors'],
  ['sync'],
  ['conversions'],
  ['agent'],
  ['workers', 'demo', 'mcp', 'grpc'],
]
/** What everything is made with: any file of it may be imported by itself, also one by another of these folders. */
const TOOLS = ['time', 'json', 'http', 'metrics']
/** These read the configuration, build the service and ask it, so they may import everything. */
const TOP = ['config', 'app', 'cli']
/**
 * Folders within folders, lowest first, by the same rule; `*` is every other folder. Files beside them may be imported by
 * all of these. A folder is named by its path.
 */
const INNER_ROWS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  agent: [['approvals'], ['bids'], ['exchange'], ['operator']],
  storage: [['disk'], ['records']],
  'shield/budget': [['protocol'], ['bounded', 'ledger'], ['stores'], ['client']],
  sync: [
    ['store', 'webhooks'],
    ['credentials', 'events', 'reports'],
    ['oauth', 'queue'],
    ['work'],
    ['jobs', 'mail', 'reconcile'],
    ['api'],
  ],
  connectors: [
    ['platform'],
    ['conversation', 'reading', 'conversions'],
    ['google', 'graph'],
    ['*'],
    ['bidding'],
  ],
}
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

const isTool = (path: string): boolean => folderOf(path) === '' || TOOLS.includes(folderOf(path))
const isTop = (path: string): boolean => path === 'main.ts' || TOP.includes(folderOf(path))

function rowOf(path: string): number {
  if (isTop(path)) return ROWS.length
  return isTool(path) ? 0 : ROWS.findIndex((row) => row.includes(folderOf(path)))
}

const show = ({ from, to }: Import) => `${from} imports ${to}`

/** The files that reach each other by imports, in groups (Tarjan's strongly connected components); sorted. */
function cyclesOf(edges: readonly Import[]): string[][] {
  const targets = Map.groupBy(edges, ({ from }) => from)
  const number = new Map<string, number>()
  const lowest = new Map<string, number>()
  const path: string[] = []
  const cycles: string[][] = []
  function visit(file: string): void {
    const own = number.size
    number.set(file, own)
    lowest.set(file, own)
    path.push(file)
    for (const { to } of targets.get(file) ?? []) {
      if (!number.has(to)) visit(to)
      // A file that has left the path belongs to a group that is complete.
      if (path.includes(to)) lowest.set(file, Math.min(lowest.get(file) ?? own, lowest.get(to) ?? own))
    }
    if (lowest.get(file) !== own) return
    const group = path.splice(path.indexOf(file))
    if (group.length > 1) cycles.push(group.sort())
  }
  for (const file of targets.keys()) if (!number.has(file)) visit(file)
  return cycles.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
}

/** All files that are loaded with one, itself among them. */
function loadedBy(path: string): string[] {
  const reached = new Set([path])
  for (const one of reached)
    for (const [, to = ''] of textOf(one).matchAll(/^(?:import|export) (?!type )[^;']*? from '(\.[^']+)'/gm))
      reached.add(relative('.', normalize(join(dirname(one), to))))
  return [...reached]
}

describe('the shape of the source', () => {
  it('has no folder that the rows do not know', () => {
    const known = ['', ...ROWS.flat(), ...TOP]
    expect([...new Set(sources.map(folderOf))].filter((folder) => !known.includes(folder))).toEqual([])
  })

  it('has at its root only the start and what several folders need', () => {
    const atRoot = sources.filter((path) => folderOf(path) === '')
    expect(atRoot.sort()).toEqual([
      'cache-size.ts',
      'errors.ts',
      'log.ts',
      'main.ts',
      'money.ts',
      'outcome.ts',
      'version.ts',
    ])
  })

  it('imports only downwards, and never across a row', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(from) !== folderOf(to) &&
        rowOf(to) >= rowOf(from) &&
        !isTop(from) &&
        !(isTool(from) && isTool(to)),
    )
    expect(wrong.map(show)).toEqual([])
  })

  it('imports only downwards among the folders within a folder', () => {
    const within = Object.entries(INNER_ROWS).flatMap(([folder, rows]) =>
      imports
        .filter(({ from, to }) => from.startsWith(`${folder}/`) && to.startsWith(`${folder}/`))
        .map((one) => ({ ...one, folder, rows })),
    )
    const wrong = within.filter(({ from, to, folder, rows }) => {
      const innerOf = (path: string) => path.slice(folder.length + 1).split('/')[0] ?? ''
      const [inner, innerOther] = [innerOf(from), innerOf(to)]
      const rowOf = (name: string) => {
        if (name.endsWith('.ts')) return -1
        const known = rows.findIndex((row) => row.includes(name))
        return known < 0 ? rows.findIndex((row) => row.includes('*')) : known
      }
      return inner !== innerOther && rowOf(inner) >= 0 && rowOf(innerOther) >= rowOf(inner)
    })
    expect(wrong.map(show)).toEqual([])
  })

  it('has budgets that know nothing of what is done with them', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith('shield/budget/') && /^shield\/[^/]+$/.test(to),
    )
    expect(wrong.map(show)).toEqual([])
  })

  it('has no cycles of imports, those of types included', () => {
    expect(cyclesOf(imports).map((files) => files.join(' '))).toEqual([])
  })

  it('exports no type under a name that another file exports', () => {
    const filesOf = Map.groupBy(
      sources.flatMap((path) =>
        [...textOf(path).matchAll(/^export (?:type|interface|class|abstract class) (\w+)/gm)].map(
          ([, name = '']) => ({ name, path }),
        ),
      ),
      ({ name }) => name,
    )
    const twice = [...filesOf].filter(([, files]) => new Set(files.map(({ path }) => path)).size > 1)
    expect(twice.map(([name, files]) => `${name}: ${files.map(({ path }) => path).join(' ')}`)).toEqual([])
  })

  it('enters a folder through its index.ts', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(from) !== folderOf(to) && !isTool(to) && !isTop(to) && !/^\w+\/index\.ts$/.test(to),
    )
    expect(wrong.map(show)).toEqual([])
  })

  it('loads little for a command, which would otherwise take seconds to begin', () => {
    const others = loadedBy('cli/index.ts').filter((path) => folderOf(path) !== 'cli')
    const few = [
      'config/client.ts',
      'config/names.ts',
      'json/json-at.ts',
      'json/json.ts',
      'time/clock.ts',
      'version.ts',
    ]
    expect(others.sort()).toEqual(few)
  })

  it.each(sources.filter((path) => /-worker\.ts$/.test(path)))(
    'loads for a thread only its own folder and what stands below it: %s',
    (program) => {
      const folders = loadedBy(program).map(folderOf)
      const allowed = ['', ...TOOLS, 'storage', folderOf(program)]
      expect([...new Set(folders)].filter((folder) => !allowed.includes(folder))).toEqual([])
    },
  )

  it('reads the environment in config/config.ts and config/client.ts only', () => {
    expect(
      sources.filter(
        (path) => !/^config\/(config|client)\.ts$/.test(path) && /process\.env/.test(textOf(path)),
      ),
    ).toEqual([])
  })

  it('reads the time in time/clock.ts only', () => {
    const reads = /Date\.now\(|new Date\(\)|performance\.now\(|hrtime|setTimeout\(|setInterval\(/
    expect(sources.filter((path) => path !== 'time/clock.ts' && reads.test(textOf(path)))).toEqual([])
  })

  it('declares an exported type name in one file only', () => {
    const declared = /^(export )?(?:abstract )?(?:interface|type|class|enum) (\w+)\b(?=[<= {\n])(?! from)/gm
    const all = sources.flatMap((path) =>
      [...textOf(path).matchAll(declared)].map(([, isExported, name = '']) => ({ path, name, isExported })),
    )
    const files = Map.groupBy(all, ({ name }) => name)
    const repeated = [...files].filter(
      ([, places]) => places.length > 1 && places.some(({ isExported }) => isExported !== undefined),
    )
    expect(repeated.map(([name]) => name)).toEqual([])
  })

  it('has no any, no cast through unknown and no ignored type error', () => {
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
    const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path)
    // That of protobufjs says at most that another package asks for another version; it is not run either.
    expect(scripted).toEqual(['node_modules/node', 'node_modules/protobufjs'])
    expect(allowScripts).toEqual({ node: true, protobufjs: false })
  })
})
