import { chmodSync, closeSync, fchmodSync, openSync } from 'node:fs'

/** Of every file of ours: read and written by the user the service runs as, by nobody else. */
const OWN = 0o600

/** Makes a file that is missing, and keeps others from reading it, whatever its folder's mode and the umask say. */
export function makeOwn(path: string): void {
  const file = openSync(path, 'a', OWN)
  try {
    fchmodSync(file, OWN)
  } finally {
    closeSync(file)
  }
}

/**
 * The same for a database of SQLite. What SQLite makes beside it gets its mode; what an earlier version has left there has
 * another.
 */
export function makeOwnDatabase(path: string): void {
  makeOwn(path)
  for (const beside of [`${path}-wal`, `${path}-shm`]) {
    try {
      chmodSync(beside, OWN)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}
