import type { Config } from '../config/config.ts'
import { PLATFORMS, type PlatformName } from '../connectors/index.ts'
import { formatMoney } from '../money.ts'

interface Started {
  readonly url: string
  readonly grpcAddress: string | undefined
  readonly sandbox: { readonly url: string } | undefined
}

/** The text printed after the start: address, mode, budgets, and a first command to try. */
export function banner({ url, grpcAddress, sandbox }: Started, config: Config): string {
  const minutes = config.budgetWindowMs / 60_000
  // In live mode a platform without credentials is left out.
  const platforms = PLATFORMS.filter((platform) => sandbox || config.accounts[platform])
  const budgets = platforms.map((platform) => {
    const { budget, currency } = config.platforms[platform]
    return `  ${platform.padEnd(11)} ${formatMoney(budget)} ${currency} in any ${minutes} minutes`
  })
  const mode = sandbox
    ? `mock mode, platforms played by the sandbox at ${sandbox.url}`
    : 'LIVE: bids spend real money'
  const key = config.apiKeys.length > 0 ? ` -H 'authorization: Bearer <key>'` : ''
  const grpc = grpcAddress === undefined ? '' : `, by gRPC at ${grpcAddress}`
  return `Bidwarden listens at ${url}${grpc} (${mode})
Budgets:
${budgets.join('\n')}
Docs: ${url}/docs
Try:
  curl -s ${url}/v1/bids -H 'content-type: application/json'${key} \\
    -d '${JSON.stringify(exampleBid(platforms[0] ?? 'google_ads', sandbox === undefined))}'
`
}

/** A bid to try; where it would spend real money it is a dry run. */
const exampleBid = (platform: PlatformName, isLive: boolean) => ({
  customerId: 'CUST_001',
  campaignId: 'summer-sale',
  platform,
  predictedLtv: 1200,
  bidAmount: 150,
  ...(isLive && { dryRun: true }),
})
