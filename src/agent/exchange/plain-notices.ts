import type { Logger } from '../../log.ts'
import type { PreparedCampaign } from './openrtb/index.ts'

/**
 * Warns once when an ad that is otherwise secure has a notice address that browsers load over plain HTTP. Exchanges
 * drop such bids on secure impressions, or browsers block the notice and the bill never arrives.
 * @param publicUrl base of all notice addresses
 */
export function warnOfPlainNotices(
  log: Pick<Logger, 'warn'>,
  publicUrl: string,
): (campaign: PreparedCampaign) => void {
  let isTold = !publicUrl.startsWith('http:')
  return ({ id, creatives }) => {
    const plain = isTold ? undefined : creatives.find(({ secure, markup }) => secure && markup.length > 1)
    if (!plain) return
    isTold = true
    log.warn(
      { publicUrl, campaign: id, creative: plain.id },
      'PUBLIC_URL is http, so ads that are secure load their notices in plain: exchanges drop such bids on secure impressions. Use https',
    )
  }
}
