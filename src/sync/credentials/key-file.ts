import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secretInFolder } from '../../storage/index.ts'
import { newKey, parseKeys } from './keyring.ts'

const NAME = 'encryption.key'

/** Keys of mock mode, created at the first start in a file that only its owner can read. */
export const keysInFolder = (dataDir: string): Buffer[] => parseKeys(secretInFolder(dataDir, NAME, newKey))

/** Adds a new first key to the file. The old keys stay until no record needs them. */
export function addKeyInFolder(dataDir: string): Buffer[] {
  const known = keysInFolder(dataDir)
  const path = join(dataDir, NAME)
  const text = [newKey(), ...known.map((key) => key.toString('base64'))].join(',')
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
  return parseKeys(text)
}
