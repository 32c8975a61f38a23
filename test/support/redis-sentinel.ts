import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { patientClient } from './redis-on-clock.ts'

/** A Redis Sentinel that watches one primary, and alone decides when it is gone. */
export interface Sentinel {
  readonly port: number
  close(): Promise<void>
}

/** @param port of the primary, which it calls `mymaster` */
export async function startSentinel(primary: number): Promise<Sentinel> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor mymaster 127.0.0.1 ${primary} 1`,
    // A primary that stands still for a while is not taken for gone.
    'sentinel down-after-milliseconds mymaster 5000',
    'sentinel failover-timeout mymaster 10000',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('+monitor')) break
  }
  child.stdout.resume()
  // Nor does it stop watching for half a minute because it stood still itself.
  const client = patientClient(`redis://127.0.0.1:${port}`)
  await client.connect()
  await client.call('SENTINEL', 'DEBUG', 'tilt-trigger', '60000')
  client.disconnect()
  return {
    port,
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
