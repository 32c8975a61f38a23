import type { Org } from '../../organisations.ts'
import type { Feed, FeedEntry } from './feed.ts'
import { dataFor, isShownTo } from './news.ts'

/** A server-sent event as text. An event without an id does not change where a reader that reconnects continues. */
export const frame = (event: string, data: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** Whether the entry is of a kind that is too frequent for a browser to be sent all of it. */
const isOfMany = ({ news }: FeedEntry): boolean => news.event === 'bid' || news.event === 'notice'

/** The limits on what a reader is sent at once. */
interface Most {
  /** Bids and notices. If there are more, only the latest are sent, with the number of the others. */
  readonly ofMany: number
  /** Characters. */
  readonly chars: number
}

/**
 * The entries as a caller bound to `org` reads them. Empty if there is nothing for it; undefined if it is more than may
 * be sent at once.
 */
export function framesFor(
  feed: Feed,
  org: Org,
  entries: readonly FeedEntry[],
  most: Most,
): string | undefined {
  const own = entries.filter(({ news }) => isShownTo(org, news))
  let surplus = own.filter(isOfMany).length - most.ofMany
  const skipped = { bids: 0, notices: 0 }
  let text = ''
  for (const entry of own) {
    if (surplus > 0 && isOfMany(entry)) {
      surplus -= 1
      skipped[entry.news.event === 'bid' ? 'bids' : 'notices'] += 1
    } else text += frameOf(feed, org, entry)
    if (text.length > most.chars) return undefined
  }
  return skipped.bids + skipped.notices > 0 ? frame('skipped', skipped) + text : text
}

/** The frame of one entry; its text is written once for all readers who see the same. */
function frameOf(feed: Feed, org: Org, { number, news, texts }: FeedEntry): string {
  const known = texts.get(org)
  if (known !== undefined) return known
  const text = frame(news.event, dataFor(org, news), feed.idOf(number))
  texts.set(org, text)
  return text
}
