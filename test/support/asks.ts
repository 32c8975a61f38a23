/** What tests of the service as a process ask it. */

export const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 150,
}

export const post = async (url: string, path: string, body: unknown) => {
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: reply.status, body: await reply.json() }
}

export interface Budget {
  readonly limits: readonly { readonly spent: number; readonly remaining: number }[]
  readonly forfeited?: { readonly amount: number }
}

export const budgetOfGoogle = async (url: string): Promise<Budget> =>
  (await (await fetch(`${url}/v1/budgets/platform:google_ads`)).json()) as Budget
