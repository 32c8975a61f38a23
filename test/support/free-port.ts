import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to connections and to whoever asks for any port (32 768 and up on Linux), even for the
 * second port of a Redis in a cluster, which is higher by 10 000. So nobody is given one of them while its server starts
 * again.
 */
const FIRST_PORT = 11_000
const PORTS = 10_000
/** Each thread that runs tests takes its ports from a part of its own. */
const PARTS = 8
const PER_PART = PORTS / PARTS
const partStart = FIRST_PORT + (Number(process.env['VITEST_POOL_ID'] ?? 0) % PARTS) * PER_PART

/** Somewhere in the part, since another run of the tests may be under way on this machine. */
let next = Math.floor(Math.random() * PER_PART)

/** A TCP port of this machine that nobody uses, and that no other test will be given. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PER_PART; tries++) {
    const port = partStart + (next++ % PER_PART)
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
