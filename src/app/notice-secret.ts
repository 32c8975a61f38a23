import { createHmac } from 'node:crypto'
import { access, chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartState, ServicePart } from '../agent/index.ts'
import { hasErrorCode, messageOf } from '../errors.ts'
import { isSameSecret } from '../http/same-secret.ts'
import type { Logger } from '../log.ts'
import { type Cancel, type Clock, every } from '../time/clock.ts'

/** File in `DATA_DIR` with a digest of the secret, so that the next start notices another secret. */
const FILE = 'notices.check'
/** How often it is checked, after the secret has changed, whether an operator has removed the file. */
const LOOK_MS = 1_000

interface Options {
  readonly directory: string
  readonly secret: string
  readonly clock: Clock
  readonly log: Logger
}

const OPEN: PartState = { is: 'open' }

/**
 * Reports when the notice secret is not the one that signed earlier notice addresses: bills for those bids are answered
 * 404, and their cost is in no budget. An operator ends the report by removing the file, once no such bill can come.
 */
export async function checkNoticeSecret(options: Options): Promise<{ part: ServicePart; stop: Cancel }> {
  const { directory, secret, clock, log } = options
  const path = join(directory, FILE)
  const value = createHmac('sha256', secret).update(FILE).digest('hex')
  const keep = async () => {
    try {
      const draft = `${path}.new`
      await writeFile(draft, `${value}\n`, { mode: 0o600, flush: true })
      await rename(draft, path)
    } catch (error) {
      log.warn({ detail: messageOf(error) }, `${path} cannot be written`)
    }
  }
  let state = OPEN
  let stop: Cancel = () => undefined
  const before = await textOf(path)
  if (before === undefined) await keep()
  else if (!isSameSecret(before, value)) {
    const detail = `the secret of notice addresses (NOTICE_SECRET, or notices.key) is another one than before: bills for earlier bids are answered 404. Put it back, or remove ${path} when no such bill can come any more`
    log.error({ detail }, 'the notice secret has changed')
    state = { is: 'away', detail }
    stop = every(clock, LOOK_MS, async () => {
      if (state.is === 'open' || (await isThere(path))) return
      state = OPEN
      stop()
      await keep()
      log.warn('an operator accepts the new notice secret')
    })
  }
  return { part: { name: 'notice_secret', state: () => state }, stop: () => stop() }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    // A file restored from a copy may be readable by everybody.
    await chmod(path, 0o600)
    return text
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error) => error.code !== 'ENOENT',
  )
