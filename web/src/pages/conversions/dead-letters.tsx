import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { type Delivery, deadLettersQuery, EVENT_PLATFORMS } from '../../api/conversions.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { Time } from '../../ui/time.tsx'
import { eventPath } from './event-path.ts'
import { ReplayButton } from './replay.tsx'

const keyOf = ({ event_id, event_name, platform }: Delivery): string =>
  `${platform} ${event_name} ${event_id}`

/** Deliveries that were given up, and how they are sent again. */
export function DeadLetters() {
  const [platform, setPlatform] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const query = useInfiniteQuery({
    ...deadLettersQuery(platform),
    // While some are chosen, none comes on top of them.
    ...(chosen.size > 0 && { refetchInterval: false }),
  })
  const { may } = useMay()
  const letters = query.data?.pages.flatMap(({ dead_letters }) => dead_letters) ?? []
  const selected = letters.filter((one) => chosen.has(keyOf(one)))
  return (
    <section className="card" aria-labelledby="dead-letters">
      <header>
        <h2 id="dead-letters">Dead letters</h2>
        <label className="figure-choice">
          <span className="sr-only">Platform</span>
          <select
            value={platform}
            onChange={(event) => {
              setPlatform(event.target.value)
              setChosen(new Set())
            }}
          >
            <option value="">all platforms</option>
            {EVENT_PLATFORMS.map((one) => (
              <option key={one} value={one}>
                {platformName(one)}
              </option>
            ))}
          </select>
        </label>
        {may('convert') && letters.length > 0 && (
          <span className="row end">
            <ReplayButton
              deliveries={selected}
              label={`Replay ${count(selected.length)} selected …`}
              onDone={() => setChosen(new Set())}
            />
            <ReplayButton
              platform={platform}
              label={platform === '' ? 'Replay all …' : `Replay all of ${platformName(platform)} …`}
              onDone={() => setChosen(new Set())}
            />
          </span>
        )}
      </header>
      <Answer query={query}>
        {() =>
          letters.length === 0 ? (
            <Empty title="No delivery was given up">
              One that fails is sent again for hours before it stands here; what a platform refuses stands
              here at once.
            </Empty>
          ) : (
            <>
              <Letters letters={letters} chosen={chosen} onChoose={setChosen} />
              {query.hasNextPage && (
                <p className="empty">
                  <button
                    type="button"
                    className="button"
                    disabled={query.isFetchingNextPage}
                    onClick={() => query.fetchNextPage()}
                  >
                    Show older ones
                  </button>
                </p>
              )}
            </>
          )
        }
      </Answer>
    </section>
  )
}

interface LettersProps {
  readonly letters: readonly Delivery[]
  readonly chosen: ReadonlySet<string>
  onChoose(chosen: ReadonlySet<string>): void
}

function Letters({ letters, chosen, onChoose }: LettersProps) {
  const { may } = useMay()
  const isAll = letters.every((one) => chosen.has(keyOf(one)))
  return (
    <div className="scroll-x letters">
      {may('convert') && (
        <label className="check all">
          <input
            type="checkbox"
            checked={isAll}
            onChange={() => onChoose(new Set(isAll ? [] : letters.map(keyOf)))}
          />
          <span>All that are shown</span>
        </label>
      )}
      <ol className="changes">
        {letters.map((one) => (
          <Letter
            key={keyOf(one)}
            letter={one}
            isChosen={chosen.has(keyOf(one))}
            onToggle={() => onChoose(toggled(chosen, keyOf(one)))}
          />
        ))}
      </ol>
    </div>
  )
}

function toggled(chosen: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(chosen)
  if (!next.delete(key)) next.add(key)
  return next
}

interface LetterProps {
  readonly letter: Delivery
  readonly isChosen: boolean
  onToggle(): void
}

function Letter({ letter: one, isChosen, onToggle }: LetterProps) {
  const { may } = useMay()
  return (
    <li className="check">
      {may('convert') && (
        <input
          type="checkbox"
          aria-label={`Choose ${one.event_name} ${one.event_id} at ${platformName(one.platform)}`}
          checked={isChosen}
          onChange={onToggle}
        />
      )}
      <div>
        <p>
          <Link href={eventPath(one.event_id)} className="mono">
            {one.event_id}
          </Link>{' '}
          {one.event_name} at {platformName(one.platform)}{' '}
          {one.code !== null && <span className="chip danger">{words(one.code)}</span>}
        </p>
        {one.error_message !== null && <p>{one.error_message}</p>}
        <p className="side-note">
          accepted <Time at={one.timestamp} />, sent {one.attempts === 1 ? 'once' : `${one.attempts} times`}
          {one.outcome_unknown_since !== null && '; the platform may have it'}
        </p>
      </div>
    </li>
  )
}
