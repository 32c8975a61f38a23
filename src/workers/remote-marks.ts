import type { SeenChunk } from '../agent/index.ts'
import { messageOf } from '../errors.ts'
import { type Entry, type Records, RecordsUnavailable } from '../storage/index.ts'
import type { Primary } from './link.ts'

/**
 * The records of a worker: they hold only notice marks, and send these to the primary.
 *
 * @param lasts whether the primary's records survive a restart
 */
export const remoteMarks = (
  primary: Pick<Primary, 'mark'>,
  lasts: boolean,
): Pick<Records, 'lasts' | 'state' | 'append'> => ({
  lasts,
  state: { is: 'open' },
  async append(entries) {
    try {
      await primary.mark(entries.flatMap(chunkOf))
    } catch (error) {
      throw new RecordsUnavailable(messageOf(error))
    }
  },
})

function chunkOf(entry: Entry): SeenChunk[] {
  return entry.put === 'seen' ? [{ owner: entry.owner, page: entry.page, bits: entry.bits }] : []
}
