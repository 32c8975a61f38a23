import type { Connectors, Finding } from '../../agent/index.ts'
import { PLATFORMS, type PlatformName } from '../../connectors/index.ts'

/** The time zones of the daily limits that bids on a platform pay from. */
export type DayZones = (platform: PlatformName) => ReadonlySet<string>

/**
 * Asks each platform whether our credentials may bid on the account, whether the account has our currency, and whether
 * its days are those of our daily limits. It only reads.
 */
export async function checkPlatforms(
  connectors: Connectors,
  accounts: Readonly<Partial<Record<PlatformName, unknown>>>,
  mode: 'mock' | 'live',
  dayZones: DayZones,
): Promise<Finding[]> {
  const advice = 'set its credentials'
  const found = await Promise.all(
    PLATFORMS.map((platform): Finding[] | Promise<Finding[]> => {
      const off = (detail: string): Finding[] => [{ subject: platform, state: 'off', detail, advice }]
      if (mode === 'mock') return off('the sandbox plays it')
      return accounts[platform]
        ? checkAccount(connectors, platform, dayZones(platform))
        : off('no account is configured')
    }),
  )
  return found.flat()
}

async function checkAccount(
  connectors: Connectors,
  subject: PlatformName,
  dayZones: ReadonlySet<string>,
): Promise<Finding[]> {
  const outcome = await connectors[subject].connect()
  if (outcome.is !== 'accepted') {
    const advice =
      outcome.is === 'auth_lost'
        ? 'renew the credentials, or have the account’s owner give them the right to manage campaigns'
        : 'see docs/platforms for what the account needs'
    return [{ subject, state: 'problem', detail: outcome.detail, advice }]
  }
  const { account, timezone } = outcome.value
  const days = timezone === undefined ? '' : `; its days are those of ${timezone}`
  const right: Finding = {
    subject,
    state: 'ok',
    detail: `${account}: it can be bid on, in our currency${days}`,
  }
  const others = timezone === undefined ? [] : [...dayZones].filter((zone) => zone !== timezone)
  if (others.length === 0) return [right]
  const detail = `its days are those of ${timezone}, daily limits here those of ${others.join(', ')}: figures of a day differ`
  return [
    right,
    { subject, state: 'warning', detail, advice: `set these limits with the time zone ${timezone}` },
  ]
}
