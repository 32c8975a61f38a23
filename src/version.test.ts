import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { checkedOutCommit } from './version.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'

/** A folder with these files of git in it. */
function checkout(files: Record<string, string>): URL {
  const root = mkdtempSync(join(tmpdir(), 'bidwarden-version-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, '.git/refs/heads'), { recursive: true })
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, '.git', path), text)
  return pathToFileURL(`${root}/`)
}

it.each([
  ['of a branch', { HEAD: 'ref: refs/heads/main\n', 'refs/heads/main': `${COMMIT}\n` }, COMMIT],
  ['without a branch', { HEAD: `${COMMIT}\n` }, COMMIT],
  ['of a branch that has none', { HEAD: 'ref: refs/heads/main\n' }, null],
  ['where HEAD is damaged', { HEAD: 'nonsense' }, null],
  ['where there is no git', {}, null],
])('the commit %s', (_, files, commit) => {
  expect(checkedOutCommit(checkout(files))).toBe(commit)
})
