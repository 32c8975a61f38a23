import { useState } from 'react'
import { useLocation } from 'wouter'
import { useMay } from '../../api/session.ts'
import { ConversionConnections } from './conversion-connections.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { LatestDeliveries } from './deliveries.tsx'
import { eventPath } from './event-path.ts'
import { MatchQuality } from './match-quality.tsx'
import { PlatformHealth } from './platform-health.tsx'
import { PreviewForm } from './preview-form.tsx'
import { Roas } from './roas.tsx'

/** Whether outcomes reach the platforms, and what they say that bids brought. */
export function ConversionsPage() {
  const { may } = useMay()
  return (
    <>
      <div className="page-head">
        <h1>Conversions</h1>
        <p>Whether outcomes reach the platforms, and what bids brought</p>
        <LookUp />
      </div>
      <div className="stack">
        <PlatformHealth />
        <ConversionConnections />
        <DeadLetters />
        <Roas />
        <MatchQuality />
        <LatestDeliveries />
        {may('convert') && <PreviewForm />}
      </div>
    </>
  )
}

/** Goes to an event by its id. */
function LookUp() {
  const [, goTo] = useLocation()
  const [id, setId] = useState('')
  return (
    <form
      className="row actions"
      onSubmit={(event) => {
        event.preventDefault()
        goTo(eventPath(id.trim()))
      }}
    >
      <label className="field">
        <span className="sr-only">Id of an event</span>
        <input
          type="search"
          required
          placeholder="Id of an event"
          value={id}
          onChange={(event) => setId(event.target.value)}
        />
      </label>
      <button type="submit" className="button">
        Look it up
      </button>
    </form>
  )
}
