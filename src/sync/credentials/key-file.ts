import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secretInFolder } from '../../secret-file.ts'
import { newKey, parseKeys } from './keyring.ts'

const NAME = 'encryption.key'

/** The keys of mock mode, made at the first start; readable by their owner only. */
export const keysInFolder = (dataDir: string): Buffer[] => parseKeys(secretInFolder(dataDir, NAME, newKey))

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
