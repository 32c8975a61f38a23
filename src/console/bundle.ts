import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { hasErrorCode } from '../errors.ts'

/** The folder in which `npm ci` builds the console. */
const BUILT = fileURLToPath(new URL('../../web/dist/', import.meta.url))

/** Codings of a built file, the smallest first, with the suffixes of their files. */
export const CODINGS = { br: '.br', gzip: '.gz', identity: '' } as const
export type FileCoding = keyof typeof CODINGS

/** Content types by file suffix; files with other suffixes are not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The part of Vite's manifest that names files. */
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
  /** Its content in each coding. */
  readonly bytes: Readonly<Record<FileCoding, Buffer<ArrayBuffer>>>
}

/**
 * The built console. It is read completely at the first request and stays in memory, so a new build needs a restart.
 */
export interface Bundle {
  /** The page, with a placeholder for the nonce of its styles. */
  page(): Promise<string>
  /** The file at this address, such as `/assets/main-4f2a.js`; undefined if the manifest does not name it. */
  file(address: string): Promise<BuiltFile | undefined>
}

/**
 * The console in this folder; undefined if none was built there.
 * @param folder the folder with its `index.html`
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

/** The files that the manifest names. No other file is ever read, whatever the address of a request says. */
function namesIn(folder: string): ReadonlySet<string> | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, '.vite/manifest.json'), 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
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
