import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode } from '../errors.ts'
import { makeDirectory } from './disk/index.ts'

/** The fewest characters of a secret that we sign with: as many as `openssl rand -base64 24` makes, too many to guess. */
export const MIN_SECRET_CHARS = 32

/** Whether a secret is long enough that nobody can guess it. White space around it does not count. */
export const isLongEnough = (secret: string): boolean => secret.trim().length >= MIN_SECRET_CHARS

/** The error for a secret file that is empty or too short, such as a copy that was cut off: its secret could be guessed. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
}

/**
 * The secret in a file of this name, without white space around it; made at the first use, readable by its owner only.
 * Processes that make it at the same time end with the same one, and a crash never leaves half of it.
 *
 * @throws SecretError for an empty or short one, which is not shown
 */
export function secretInFolder(folder: string, name: string, make: () => string): string {
  const path = join(folder, name)
  const secret = readIfThere(path) ?? create(folder, path, make())
  if (isLongEnough(secret)) return secret
  const is = secret === '' ? 'is empty' : `has less than ${MIN_SECRET_CHARS} characters`
  throw new SecretError(`${path} ${is}: restore it, or remove it to have a new one made`)
}

function readIfThere(path: string): string | undefined {
  try {
    const secret = readFileSync(path, 'utf8').trim()
    // If it was restored from a copy, others may be able to read it.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
    return secret
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function create(folder: string, path: string, secret: string): string {
  makeDirectory(folder)
  const draft = `${path}.${randomUUID()}`
  try {
    const file = openSync(draft, 'wx', 0o600)
    writeSync(file, `${secret}\n`)
    fsyncSync(file)
    closeSync(file)
    // Unlike a rename this fails where another process was first.
    linkSync(draft, path)
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(path, 'utf8').trim()
}
