import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * Writes the package as it is published: JavaScript and types that need no TypeScript to be loaded. Within this
 * repository its sources are used instead.
 * @param folder emptied first; `npm publish <folder>` publishes it
 */
export function buildPackage(folder: string): void {
  const here = import.meta.dirname
  rmSync(folder, { recursive: true, force: true })
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(
    process.execPath,
    [compiler, '--project', join(here, 'tsconfig.build.json'), '--outDir', folder],
    { stdio: ['ignore', 2, 2] },
  )
  const { name, version, description, license, type, sideEffects, dependencies } = JSON.parse(
    readFileSync(join(here, 'package.json'), 'utf8'),
  )
  const published = {
    ...{ name, version, description, license, type, sideEffects },
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    dependencies,
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)
  copyFileSync(join(here, 'README.md'), join(folder, 'README.md'))
}

if (import.meta.main) buildPackage(join(import.meta.dirname, 'dist'))
