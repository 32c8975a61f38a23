import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SecretError, secretInFolder } from './secret-file.ts'

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe('a secret in a file', () => {
  it('is made once, and is the same at every start', () => {
    const folder = createFolder()
    const made = 'x'.repeat(64)
    expect(secretInFolder(folder, 'a.key', () => made)).toBe(made)
    expect(secretInFolder(folder, 'a.key', () => 'y'.repeat(64))).toBe(made)
  })

  it.each(['', '\n', '  \n', 'short', ` ${'s'.repeat(31)}\n`])('is refused as %j, and not shown', (text) => {
    const folder = createFolder()
    writeFileSync(join(folder, 'a.key'), text)
    const read = () => secretInFolder(folder, 'a.key', () => 'x'.repeat(64))
    expect(read).toThrow(SecretError)
    expect(read).toThrow(/a\.key (is empty|has less than 32 characters): restore it/)
    if (text.trim() !== '') expect(read).not.toThrow(text.trim())
    expect(readFileSync(join(folder, 'a.key'), 'utf8')).toBe(text)
  })

  it('is refused when a newly made one is too short', () => {
    expect(() => secretInFolder(createFolder(), 'a.key', () => 'short')).toThrow(SecretError)
  })
})
