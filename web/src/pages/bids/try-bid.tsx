import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api, type BidRequest } from '../../api/client.ts'
import { money, words } from '../../ui/format.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { PLATFORMS } from './platforms.ts'

const EXAMPLE = {
  platform: 'auto',
  campaignId: 'summer-sale',
  customerId: 'CUST_001',
  predictedLtv: '120',
  bidAmount: '',
}

/** Decides a bid as if it were placed. Nothing is placed or held. */
export function TryBid() {
  const [typed, setTyped] = useState(EXAMPLE)
  const { mutate, data, error, isPending, isIdle } = useDryRun()
  const field = (name: keyof typeof EXAMPLE, label: string, isNumber = false) => (
    <label className="field">
      <span>{label}</span>
      <input
        {...(isNumber && { inputMode: 'decimal' })}
        value={typed[name]}
        onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
      />
    </label>
  )
  return (
    <details className="card try">
      <summary>
        Try a bid <span className="side-note">a dry run: nothing is placed and no money is held</span>
      </summary>
      <form
        className="body stack"
        onSubmit={(event) => {
          event.preventDefault()
          mutate(requestOf(typed))
        }}
      >
        <div className="fields">
          <label className="field">
            <span>Platform</span>
            <select
              value={typed.platform}
              onChange={(event) => setTyped({ ...typed, platform: event.target.value })}
            >
              <option value="auto">the best one</option>
              {PLATFORMS.map((platform) => (
                <option key={platform} value={platform}>
                  {words(platform)}
                </option>
              ))}
            </select>
          </label>
          {field('campaignId', 'Campaign')}
          {field('customerId', 'Customer')}
          {field('predictedLtv', 'Predicted value', true)}
          {field('bidAmount', 'Amount (or let it decide)', true)}
        </div>
        <div className="row">
          <button type="submit" className="button main" disabled={isPending}>
            Decide
          </button>
        </div>
        <div aria-live="polite">
          {!isIdle && data && (
            <p>
              It would bid <strong>{money(data.bidAmount, data.currency)}</strong> on {words(data.platform)}:{' '}
              {data.explanation}. <Link href={`/console/bids/${data.bidId}`}>Every number of it</Link>
            </p>
          )}
          {error && <ProblemBox problem={error} />}
        </div>
      </form>
    </details>
  )
}

const numberOf = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text))

function requestOf({
  platform,
  campaignId,
  customerId,
  predictedLtv,
  bidAmount,
}: typeof EXAMPLE): BidRequest {
  const [ltv, amount] = [numberOf(predictedLtv), numberOf(bidAmount)]
  return {
    // The service names the platforms; one that it does not know it refuses in words.
    platform: platform as BidRequest['platform'],
    campaignId,
    customerId,
    ...(ltv !== undefined && { predictedLtv: ltv }),
    ...(amount !== undefined && { bidAmount: amount }),
    dryRun: true,
  }
}

function useDryRun() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: BidRequest) => dataOf(api.POST('/v1/bids', { body })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['bids'] }),
  })
}
