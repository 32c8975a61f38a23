import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newKey, parseKeys } from './keyring.ts'

const NAME = 'encryption.key'

/** The keys of mock mode, made at the first start; readable by their owner only. */
export function keysInFolder(dataDir: string): Buffer[] {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, NAME)
  try {
    // Fails where another process has just made it.
    writeFileSync(path, `${newKey()}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return parseKeys(readFileSync(path, 'utf8').trim())
}

/** Puts a new key first in the file; the old ones stay until nothing needs them. */
export function addKeyInFolder(dataDir: string): Buffer[] {
  const known = keysInFolder(dataDir)
  const path = join(dataDir, NAME)
  const text = [newKey(), ...known.map((key) => key.toString('base64'))].join(',')
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
  return parseKeys(text)
}
