import type { Config } from '../config/config.ts'
import { PLATFORMS } from '../connectors/index.ts'
import { formatMoney } from '../money.ts'

/** The text printed after the start: address, mode, budgets, and a first command to try. */
export function banner(
  { url, sandbox }: { url: string; sandbox: { url: string } | undefined },
  config: Config,
): string {
  const minutes = config.budgetWindowMs / 60_000
  const budgets = PLATFORMS.map((platform) => {
    const { budget, currency } = config.platforms[platform]
    return `  ${platform.padEnd(11)} ${formatMoney(budget)} ${currency} in any ${minutes} minutes`
  })
  const mode = sandbox
    ? `mock mode, platforms played by the sandbox at ${sandbox.url}`
    : 'LIVE: bids spend real money'
  const key = config.apiKeys.length > 0 ? ` -H 'authorization: Bearer <key>'` : ''
  return `Bidwarden listens at ${url} (${mode})
Budgets:
${budgets.join('\n')}
Docs: ${url}/docs
Try:
  curl -s ${url}/v1/bids -H 'content-type: application/json'${key} \\
    -d '{"customerId":"CUST_001","campaignId":"summer-sale","platform":"google_ads","predictedLtv":1200,"bidAmount":150}'
`
}
