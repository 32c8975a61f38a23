import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.ts'

/** The platform's limit as the API shows it. */
async function budgetOf({ get }: Harness, platform: string) {
  const { body } = await get(`/v1/budgets/platform:${platform}`)
  return body.limits[0]
}

const BUDGETS = { GOOGLE_ADS_BUDGET: '500', META_BUDGET: '400', TRADEDESK_BUDGET: '600' }

describe('spend against the default budgets', () => {
  it.each([
    { platform: 'google_ads', bids: [100, 100, 75], spent: 275, max: 500, tooMuch: 300 },
    { platform: 'meta', bids: [120, 100], spent: 220, max: 400, tooMuch: 200 },
    { platform: 'tradedesk', bids: [150, 150, 150], spent: 450, max: 600, tooMuch: 200 },
  ])('$platform: $spent of $max after $bids.length bids, then $tooMuch is refused', async (row) => {
    const harness = await startHarness(BUDGETS)
    const { platform } = row
    for (const bidAmount of row.bids) {
      expect(await harness.bid({ platform, bidAmount })).toMatchObject({
        status: 200,
        body: { status: 'placed' },
      })
    }
    expect(await budgetOf(harness, platform)).toMatchObject({ max: row.max, spent: row.spent, held: 0 })

    const refused = await harness.bid({ platform, bidAmount: row.tooMuch })
    expect(refused).toMatchObject({
      status: 429,
      body: { code: 'budget_exceeded', remaining: row.max - row.spent, scope: `platform:${platform}` },
    })
    expect(await budgetOf(harness, platform)).toMatchObject({ spent: row.spent, held: 0 })
  })

  it('100 concurrent bids of $15 on $1000: exactly 66 placed, $990, 34 refused', async () => {
    const harness = await startHarness({ TRADEDESK_BUDGET: '1000' })
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        harness.bid({ platform: 'tradedesk', campaignId: `c${i}`, bidAmount: 15 }),
      ),
    )
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(66)
    expect(replies.filter(({ body }) => body.code === 'budget_exceeded')).toHaveLength(34)
    expect(await budgetOf(harness, 'tradedesk')).toMatchObject({ spent: 990, held: 0, remaining: 10 })
    expect(harness.sandbox.ledger.applied.filter(({ kind }) => kind === 'bid')).toHaveLength(66)
  })

  it('budgets of platforms never touch each other', async () => {
    const harness = await startHarness({
      GOOGLE_ADS_BUDGET: '300',
      META_BUDGET: '200',
      TRADEDESK_BUDGET: '250',
    })
    for (const platform of ['google_ads', 'meta', 'tradedesk'])
      await harness.bid({ platform, bidAmount: 100 })
    expect(await budgetOf(harness, 'google_ads')).toMatchObject({ spent: 100, remaining: 200 })
    expect(await budgetOf(harness, 'meta')).toMatchObject({ spent: 100, remaining: 100 })
    expect(await budgetOf(harness, 'tradedesk')).toMatchObject({ spent: 100, remaining: 150 })
  })
})
