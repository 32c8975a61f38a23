import { chmodSync, closeSync, fchmodSync, openSync } from 'node:fs'
import { hasErrorCode } from '../../errors.ts'

/** The mode of all files of the service: only its own user may read and write them. */
const OWN = 0o600

/** Creates the file if it is missing and sets its mode to `OWN`, whatever the umask and the directory's mode are. */
export function makeOwn(path: string): void {
  const file = openSync(path, 'a', OWN)
  try {
    fchmodSync(file, OWN)
  } finally {
    closeSync(file)
  }
}

/**
 * Does the same for a SQLite database and the files beside it. SQLite gives new ones the database's mode, but those left by
 * earlier versions may have another.
 */
export function makeOwnDatabase(path: string): void {
  makeOwn(path)
  for (const beside of [`${path}-wal`, `${path}-shm`]) {
    try {
      chmodSync(beside, OWN)
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) throw error
    }
  }
}
