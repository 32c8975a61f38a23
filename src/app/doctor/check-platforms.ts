import type { Connectors, Finding } from '../../agent/index.ts'
import { PLATFORMS, type PlatformName } from '../../connectors/index.ts'

/** Asks each platform whether our credentials may bid on the account, and whether it is kept in our currency. Reads only. */
export async function checkPlatforms(
  connectors: Connectors,
  accounts: Readonly<Partial<Record<PlatformName, unknown>>>,
  mode: 'mock' | 'live',
): Promise<Finding[]> {
  return Promise.all(
    PLATFORMS.map(async (platform): Promise<Finding> => {
      if (mode === 'mock')
        return {
          subject: platform,
          state: 'off',
          detail: 'the sandbox plays it',
          advice: 'set its credentials',
        }
      if (!accounts[platform])
        return {
          subject: platform,
          state: 'off',
          detail: 'no account is configured',
          advice: 'set its credentials',
        }
      const outcome = await connectors[platform].connect()
      if (outcome.is === 'accepted')
        return {
          subject: platform,
          state: 'ok',
          detail: `${outcome.value.account}: it can be bid on, in our currency`,
        }
      const advice =
        outcome.is === 'auth_lost'
          ? 'renew the credentials, or have the account’s owner give them the right to manage campaigns'
          : 'see docs/platforms for what the account needs'
      return { subject: platform, state: 'problem', detail: outcome.detail, advice }
    }),
  )
}
