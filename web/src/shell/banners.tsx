import { useQuery } from '@tanstack/react-query'
import { useLive } from '../api/live-state.ts'
import { killSwitchQuery } from '../api/queries.ts'
import { useMay } from '../api/session.ts'
import { Confirm } from '../ui/confirm.tsx'
import { Time } from '../ui/time.tsx'
import { useKillSwitch } from './kill-switch.ts'

/** What every page says on top while it is so: that the service does not answer, that all bidding is stopped. */
export function Banners() {
  const { isOperator } = useMay()
  return (
    <>
      <Offline />
      {isOperator && <MaybeStopped />}
    </>
  )
}

function Offline() {
  const live = useLive()
  if (live.is !== 'away' || !live.isOffline) return null
  return (
    <div className="banner warn" role="alert">
      <span className="grow">
        <strong>The service does not answer:</strong> offline since <Time at={live.sinceMs} />
        {live.figuresMs !== undefined && (
          <>
            , last figures from <Time at={live.figuresMs} />
          </>
        )}
        . This page asks again every few seconds.
      </span>
    </div>
  )
}

function MaybeStopped() {
  const { data } = useQuery(killSwitchQuery)
  return data?.engaged ? <Stopped reason={data.reason} since={data.since} /> : null
}

function Stopped({ reason, since }: { reason: string | undefined; since: string | undefined }) {
  const { mutate, isPending } = useKillSwitch()
  const { may } = useMay()
  return (
    <div className="banner danger" role="alert">
      <span className="grow">
        <strong>All bidding is stopped</strong>
        {since !== undefined && (
          <>
            {' '}
            since <Time at={since} />
          </>
        )}
        {reason !== undefined && <>: {reason}</>}
      </span>
      {may('operate') && (
        <Confirm
          trigger={
            <button type="button" className="button" disabled={isPending}>
              Release …
            </button>
          }
          title="Let bids through again?"
          action="Release the stop"
          onConfirm={(said) => mutate({ engaged: false, reason: said })}
        >
          <p>Every bid that fits its budgets is placed again from the next request on.</p>
        </Confirm>
      )}
    </div>
  )
}
