import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'

/** The text of /openapi.json, as a service with the settings it comes with answers it. */
export async function apiDocumentText(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const settings = parseConfig({ PORT: '0', STORE: 'memory', DATA_DIR: folder })
  try {
    const service = await startService(settings, { log: createLog('silent') })
    try {
      return await (await fetch(`${service.url}/openapi.json`)).text()
    } finally {
      await service.stop()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
