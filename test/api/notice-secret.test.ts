import { readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { goOn, startHarness, stopped } from '../support/harness.ts'
import { folder } from '../support/service.ts'

const SECRETS = ['one secret of thirty-two characters', 'another secret of thirty-two chars.']
const SAID = /^notice_secret: .*bills for earlier bids are answered 404/

async function run(environment: Record<string, string>) {
  const started = await startHarness({ STORE: 'sqlite', ...environment })
  const said = () => started.logged.filter(({ msg }) => msg === 'the notice secret has changed')
  return { ...started, said, stop: () => stopped(started.service, started.clock) }
}

describe('a secret of notice addresses', () => {
  const changes: [string, Record<string, string>, (directory: string) => Record<string, string>][] = [
    [
      'that the configuration changes',
      { NOTICE_SECRET: SECRETS[0] ?? '' },
      () => ({ NOTICE_SECRET: SECRETS[1] ?? '' }),
    ],
    [
      'whose notices.key is lost',
      {},
      (directory) => {
        rmSync(join(directory, 'notices.key'))
        return {}
      },
    ],
  ]
  it.each(changes)(
    '%s is said at the start and by /readyz until an operator accepts it',
    async (_, before, change) => {
      const DATA_DIR = folder()
      const first = await run({ ...before, DATA_DIR })
      expect(await first.get('/readyz')).toMatchObject({ status: 200, body: 'ok' })
      await first.stop()
      const same = await run({ ...before, DATA_DIR })
      expect(await same.get('/readyz')).toMatchObject({ status: 200, body: 'ok' })
      expect(same.said()).toEqual([])
      await same.stop()

      const changed = await run({ ...change(DATA_DIR), DATA_DIR })
      expect(await changed.get('/readyz')).toMatchObject({ status: 503, body: expect.stringMatching(SAID) })
      expect(changed.said()).toHaveLength(1)
      expect((await changed.bid()).status).toBe(200)
      rmSync(join(DATA_DIR, 'notices.check'))
      changed.clock.advance(1_000)
      for (let turn = 0; turn < 500 && (await changed.get('/readyz')).status !== 200; turn++) await goOn()
      expect(await changed.get('/readyz')).toMatchObject({ status: 200, body: 'ok' })
      await changed.stop()
    },
  )

  it('is not in the file that tells it from others, which only its owner reads; a damaged file is a changed secret', async () => {
    const DATA_DIR = folder()
    const first = await run({ DATA_DIR, NOTICE_SECRET: SECRETS[0] ?? '' })
    await first.stop()
    const path = join(DATA_DIR, 'notices.check')
    expect(readFileSync(path, 'utf8')).not.toContain(SECRETS[0])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    truncateSync(path)
    const damaged = await run({ DATA_DIR, NOTICE_SECRET: SECRETS[0] ?? '' })
    expect((await damaged.get('/readyz')).status).toBe(503)
  })
})
