import type { SeenChunk } from '../agent/index.ts'
import { messageOf } from '../errors.ts'
import { type Entry, type Records, RecordsUnavailable } from '../records/index.ts'
import type { Primary } from './link.ts'

/**
 * What a worker records: the marks of its notices, which the primary keeps.
 *
 * @param lasts whether the primary has anywhere to keep them
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
