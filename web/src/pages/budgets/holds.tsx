import { useState } from 'react'
import type { Budget } from '../../api/client.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { money } from '../../ui/format.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { useChangeBudget } from './change-budget.ts'

const WHY_STRICT: Readonly<Record<string, string>> = {
  money_to_spare: 'open bids are few beside what is left',
  few_outcomes: 'too little is known of how bids end',
  win_rate_drifts: 'more bids are billed than were',
  late_bills: 'bills came after the bids had counted as lost',
}

/** How the money of open bids is held, how much of it is, and how that is changed. */
export function Holds({ budget, mayChange }: { budget: Budget; mayChange: boolean }) {
  const { holds, holdMode, currency, scope } = budget
  return (
    <section className="card" aria-labelledby="holds">
      <header>
        <h2 id="holds">Open bids</h2>
      </header>
      <div className="body stack">
        <dl className="facts">
          <dt>Hold mode</dt>
          <dd>
            {holdMode.is}
            {holdMode.is === 'bounded' && <> (p = {holdMode.maxOverspendProbability} a day)</>}
            {holds.mode !== holdMode.is && (
              <span className="soft">
                , now {holds.mode}
                {holds.why !== undefined && <>: {WHY_STRICT[holds.why] ?? holds.why}</>}
              </span>
            )}
          </dd>
          <dt>Held</dt>
          <dd>{money(holds.held, currency)}</dd>
          <dt>If all are billed</dt>
          <dd>
            {money(holds.prices, currency)}
            <span className="soft"> (at most {holds.worstCase} × a limit)</span>
          </dd>
          {holds.silentWorkers !== undefined && (
            <>
              <dt>Silent workers</dt>
              <dd>{holds.silentWorkers}: what they hold counts as elsewhere</dd>
            </>
          )}
        </dl>
        {mayChange && paysForExchanges(scope) && <HoldModeForm budget={budget} />}
      </div>
    </section>
  )
}

/** Bids on platforms are held in full in any case: the mode is of no use for budgets that pay for nothing else. */
const paysForExchanges = (scope: string): boolean =>
  scope === 'global' || /^(org:|platform:openrtb$|campaign:openrtb:)/.test(scope)

/** Probabilities that the form offers. */
const PROBABILITIES = [1e-9, 1e-6, 1e-4, 1e-3, 1e-2]
const USUAL_PROBABILITY = 1e-6

/** Holds everything in full at once; asks before less is set aside. */
function HoldModeForm({ budget }: { budget: Budget }) {
  const { holdMode } = budget
  const { mutate, isPending, error } = useChangeBudget(budget.scope)
  const now = holdMode.is === 'bounded' ? holdMode.maxOverspendProbability : 0
  const [chosen, setChosen] = useState(now === 0 ? USUAL_PROBABILITY : now)
  const offered = [...new Set([...PROBABILITIES, ...(now === 0 ? [] : [now])])].sort((a, b) => a - b)
  const set = (next: Budget['holdMode'], reason?: string) =>
    mutate({ limits: budget.limits.map(inputOf), holdMode: next, revision: budget.revision, reason })
  const bounded = (reason?: string) => set({ is: 'bounded', maxOverspendProbability: chosen }, reason)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (chosen < now) bounded()
      }}
    >
      <label className="field">
        <span>Chance of spend passing a limit, a day</span>
        <select value={chosen} onChange={(event) => setChosen(Number(event.target.value))}>
          {offered.map((one) => (
            <option key={one} value={one}>
              {chance(one)}
            </option>
          ))}
        </select>
      </label>
      <div className="row">
        {chosen < now && (
          <button type="submit" className="button" disabled={isPending}>
            Hold more
          </button>
        )}
        {chosen > now && (
          <Confirm
            trigger={
              <button type="button" className="button" disabled={isPending}>
                {now === 0 ? 'Hold by chance …' : 'Hold less …'}
              </button>
            }
            title={`Hold less for open bids of ${budget.scope}?`}
            action="Hold by chance"
            onConfirm={bounded}
          >
            <p>
              More bids can be open at once, because most of them are not won: what is set aside is what their
              bills may come to. Spend passes a limit with a chance of {chance(chosen)} a day in each process,
              and never comes to more than the limit times <code>OPENRTB_WORST_CASE</code>.
            </p>
          </Confirm>
        )}
        {now > 0 && (
          <button type="button" className="button" disabled={isPending} onClick={() => set({ is: 'strict' })}>
            Hold all in full
          </button>
        )}
      </div>
      {error && <ProblemBox problem={error} />}
    </form>
  )
}

/** `1 in 1,000,000` */
const chance = (probability: number): string => `1 in ${Math.round(1 / probability).toLocaleString()}`

const inputOf = ({ kind, windowSeconds, timezone, max }: Budget['limits'][number]) => {
  switch (kind) {
    case 'sliding':
      return { kind, windowSeconds: windowSeconds ?? 0, max }
    case 'day':
      return { kind, timezone: timezone ?? '', max }
    case 'lifetime':
      return { kind, max }
  }
}
