import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { buildPackage } from '../../clients/typescript/build.ts'
import { typesOf } from '../../clients/typescript/generate.ts'
import { VERSION } from '../../src/version.ts'
import { apiDocumentText } from '../support/api-document.ts'
import { TYPES_FILE } from './types-file.ts'

it('has the types of what the service says of itself today; `npm run client:build` writes them', async () => {
  const isCurrent = readFileSync(TYPES_FILE, 'utf8') === (await typesOf(await apiDocumentText()))
  expect(isCurrent).toBe(true)
})

it('is published as JavaScript with types, in the version of the service', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@bidwarden'), { recursive: true })
  buildPackage(join(modules, '@bidwarden/client'))
  for (const name of ['eventsource-parser', 'openapi-fetch', 'openapi-typescript-helpers'])
    symlinkSync(resolve('node_modules', name), join(modules, name))
  writeFileSync(
    join(folder, 'user.mjs'),
    `import * as client from '@bidwarden/client'; console.log(Object.keys(client).join())`,
  )
  const { stdout } = await promisify(execFile)(process.execPath, ['user.mjs'], { cwd: folder })
  expect(stdout.trim().split(',')).toEqual([
    'ForeignAnswerError',
    'ProblemError',
    'createBidwardenClient',
    'dataOf',
  ])
  const { version } = JSON.parse(readFileSync(join(modules, '@bidwarden/client/package.json'), 'utf8'))
  expect(version).toBe(VERSION)
})
