import { dataOf } from '@bidwarden/client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import {
  EVENT_PLATFORMS,
  type EventPlatform,
  type Preview,
  type PreviewInput,
} from '../../api/conversions.ts'
import { platformName } from '../../ui/platform-name.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'

/** An event that every platform takes, from a minute ago. */
const example = (): object => ({
  event_id: 'ord-1',
  event_name: 'purchase',
  event_time: new Date(Date.now() - 60_000).toISOString(),
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  user_data: { email: 'ann@shop.example', phone: '+1 650 555 1212', client_user_agent: 'Mozilla/5.0' },
  custom_data: { value: 49.9, currency: 'USD', order_id: 'ord-1' },
})

/** Shows the exact bytes that each platform would get for an event. Nothing is sent and nothing is stored. */
export function PreviewForm() {
  const [text, setText] = useState(() => JSON.stringify(example(), undefined, 2))
  const [chosen, setChosen] = useState<ReadonlySet<EventPlatform>>(new Set(EVENT_PLATFORMS))
  const [wrong, setWrong] = useState<string>()
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (body: PreviewInput) => dataOf(api.POST('/api/v1/conversions/preview', { body })),
  })
  const send = () => {
    const events = eventsIn(text)
    setWrong(typeof events === 'string' ? events : undefined)
    // The service says in words what of them is not as it should be.
    if (typeof events !== 'string')
      mutate({
        events: events as PreviewInput['events'],
        platforms: EVENT_PLATFORMS.filter((one) => chosen.has(one)),
      })
  }
  return (
    <section className="card" aria-labelledby="preview">
      <header>
        <h2 id="preview">Preview</h2>
        <span className="side-note">
          What each platform would get, to the byte; nothing is sent or stored
        </span>
      </header>
      <form
        className="body stack"
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <label className="field">
          <span>An event, or a list of events, as JSON</span>
          <textarea
            className="mono"
            rows={12}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <fieldset className="row choices">
          <legend className="sr-only">Platforms</legend>
          {EVENT_PLATFORMS.map((platform) => (
            <label key={platform} className="check">
              <input
                type="checkbox"
                checked={chosen.has(platform)}
                onChange={() => setChosen(toggled(chosen, platform))}
              />
              <span>{platformName(platform)}</span>
            </label>
          ))}
        </fieldset>
        <div className="row">
          <button type="submit" className="button main" disabled={isPending || chosen.size === 0}>
            Show what would be sent
          </button>
        </div>
        <div aria-live="polite" className="stack">
          {wrong !== undefined && <p className="chip danger">{wrong}</p>}
          {error && <ProblemBox problem={error} />}
          {!error &&
            data?.previews.map((preview, at) => (
              <Previewed key={`${preview.event_id} ${preview.platform ?? at}`} preview={preview} />
            ))}
        </div>
      </form>
    </section>
  )
}

function toggled(chosen: ReadonlySet<EventPlatform>, platform: EventPlatform): ReadonlySet<EventPlatform> {
  const next = new Set(chosen)
  if (!next.delete(platform)) next.add(platform)
  return next
}

function eventsIn(text: string): unknown[] | string {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : [value]
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : error}`
  }
}

function Previewed({ preview: { event_id, platform, request, refused, left_out } }: { preview: Preview }) {
  return (
    <section className="previewed" aria-label={`${event_id ?? 'An event'} at ${platform ?? 'no platform'}`}>
      <h3>
        {platform === null ? 'No platform' : platformName(platform)}{' '}
        <span className="soft mono">{event_id}</span>{' '}
        <span className={refused ? 'chip danger' : 'chip ok'}>
          {refused ? 'would be refused' : 'would be sent'}
        </span>
      </h3>
      {refused && (
        <p>
          <code>{refused.field}</code>: {refused.reason}
        </p>
      )}
      {left_out?.map(({ field, reason }) => (
        <p key={field} className="side-note">
          Left out: <code>{field}</code>, {reason}
        </p>
      ))}
      {request && (
        <>
          <p className="mono wire">
            {request.method} {request.url}
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <section className="wire" tabIndex={0} aria-label={`Body for ${platform}`}>
            <pre>{JSON.stringify(request.body, undefined, 2)}</pre>
          </section>
        </>
      )}
    </section>
  )
}
