// Builds the console into web/dist, each file also in brotli and gzip. An install without development packages has no Vite, and
// nothing is built: the service then runs without the console.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const DIST = join(import.meta.dirname, 'dist')
/** Built beside it first, so that a service that starts meanwhile finds a whole console. */
const NEW = `${DIST}.${process.pid}.new`

/** Vite's build; undefined where it is not installed. */
async function builder() {
  try {
    import.meta.resolve('vite')
  } catch {
    return undefined
  }
  return (await import('vite')).build
}

function compressAll(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

const build = await builder()
if (build) {
  try {
    await build({
      configFile: join(import.meta.dirname, 'vite.config.ts'),
      // Every library here warns of its directives for servers, which mean nothing in a browser.
      logLevel: 'error',
      build: { outDir: NEW, emptyOutDir: true },
    })
    compressAll(join(NEW, 'assets'))
    rmSync(DIST, { recursive: true, force: true })
    renameSync(NEW, DIST)
  } finally {
    rmSync(NEW, { recursive: true, force: true })
  }
}
