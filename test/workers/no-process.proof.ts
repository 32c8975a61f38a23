import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { listening, start } from '../support/service.ts'

it('a worker that cannot be started ends nothing, and is started when there is room for it', async () => {
  const service = start({ PORT: '0', WORKERS: '1', LOG_LEVEL: 'error' })
  await listening(service)
  const pid = service.child.pid ?? 0
  const workers = () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  const [first] = workers()
  if (first === undefined) throw new Error('there is no worker')
  // Without a file left it cannot make the pipe to a new one.
  execFileSync('prlimit', [`--pid=${pid}`, '--nofile=3:'])
  process.kill(first, 'SIGKILL')
  await expect.poll(() => service.output()).toContain('it cannot be started')
  execFileSync('prlimit', [`--pid=${pid}`, '--nofile=1024:'])
  await expect.poll(() => workers().length).toBe(1)
  expect(service.child.exitCode).toBe(null)
  service.child.kill('SIGTERM')
  await once(service.child, 'exit')
  expect(service.child.exitCode).toBe(0)
})
