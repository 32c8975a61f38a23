import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenParts } from './open-parts.ts'

/**
 * Makes a folder that is deleted with its content when `opened` is closed.
 * @returns its path
 */
export async function temporaryFolder(opened: OpenParts): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'bidwarden-demo-'))
  opened.add(() => rm(path, { recursive: true, force: true }))
  return path
}
