import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** Where `npm ci` builds the console. */
const BUILT = fileURLToPath(new URL('../../web/dist/', import.meta.url))

/** Codings of a built file, the shortest first, with what its name ends in. */
export const CODINGS = { br: '.br', gzip: '.gz', identity: '' } as const
export type FileCoding = keyof typeof CODINGS

/** Content types by the end of a name; a file of another type is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Of Vite's manifest, what names files. */
const Manifest = z.record(
  z.string(),
  z.object({
    file: z.string(),
    css: z.array(z.string()).default([]),
    assets: z.array(z.string()).default([]),
  }),
)

export interface BuiltFile {
  readonly type: string
  /** Its bytes in each coding. */
  readonly bytes: Readonly<Record<FileCoding, Buffer<ArrayBuffer>>>
}

/** The built console. All of it is read when the first of it is asked for, and stays in memory: a new build wants a start. */
export interface Bundle {
  /** The page, with a placeholder where the nonce of its styles belongs. */
  page(): Promise<string>
  /** The file of this address, such as `/assets/main-4f2a.js`; undefined where the manifest names none. */
  file(address: string): Promise<BuiltFile | undefined>
}

/**
 * The console that was built there; undefined where none was.
 * @param folder where its `index.html` is
 */
export function openBundle(folder = BUILT): Bundle | undefined {
  const names = namesIn(folder)
  if (names === undefined) return undefined
  let read: Promise<ReadBundle> | undefined
  const all = () => {
    read ??= readAll(folder, names).catch((error) => {
      // The next request tries again.
      read = undefined
      throw error
    })
    return read
  }
  return {
    page: async () => (await all()).page,
    file: async (address) => (await all()).files.get(address),
  }
}

/** The files that the manifest names: nothing else is ever read, whatever an address says. */
function namesIn(folder: string): ReadonlySet<string> | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, '.vite/manifest.json'), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const parts = Object.values(Manifest.parse(JSON.parse(text)))
  return new Set(parts.flatMap(({ file, css, assets }) => [file, ...css, ...assets]))
}

interface ReadBundle {
  readonly page: string
  readonly files: ReadonlyMap<string, BuiltFile>
}

async function readAll(folder: string, names: ReadonlySet<string>): Promise<ReadBundle> {
  const [page, ...files] = await Promise.all([
    readFile(join(folder, 'index.html'), 'utf8'),
    ...[...names].map((name) => readCodings(folder, name)),
  ])
  return { page, files: new Map(files.flatMap((file) => file ?? [])) }
}

async function readCodings(folder: string, name: string): Promise<[[string, BuiltFile]] | undefined> {
  const type = TYPES[extname(name)]
  if (type === undefined) return undefined
  const [br, gzip, identity] = await Promise.all([
    readFile(join(folder, name + CODINGS.br)),
    readFile(join(folder, name + CODINGS.gzip)),
    readFile(join(folder, name)),
  ])
  return [[`/${name}`, { type, bytes: { br, gzip, identity } }]]
}
