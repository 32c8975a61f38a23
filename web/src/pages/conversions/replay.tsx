import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import * as AlertDialog from 'radix-ui/alert-dialog'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import {
  CONVERSIONS_KEY,
  type Delivery,
  type EventPlatform,
  isPlatform,
  type ReplayResult,
  type ReplayWish,
} from '../../api/conversions.ts'
import { ReasonField } from '../../ui/confirm.tsx'
import { count, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { failed, told } from '../../ui/toasts.tsx'

/** Most dead letters of one replay. */
const MOST = 1_000
/** Reasons of refusals that are shown; the number of the others stands there. */
const MOST_REASONS = 8

type ReplayProps = {
  readonly label: string
  onDone?(): void
} & (
  | { readonly deliveries: readonly Delivery[]; readonly platform?: never }
  | { readonly platform: string; readonly deliveries?: never }
)

/** Sends dead letters again: the given ones, or all of a platform. It says first which and which not, and asks. */
export function ReplayButton({ label, onDone, deliveries, platform }: ReplayProps) {
  const [would, setWould] = useState<ReplayResult>()
  const wishes = deliveries ? wishesOf(deliveries) : [isPlatform(platform) ? { platform } : {}]
  const look = useMutation({
    mutationFn: () => replayAll(wishes, { dry_run: true }),
    onSuccess: setWould,
    onError: (error) => failed('It could not be looked up what would be sent again', error),
  })
  const send = useReplay(wishes, onDone)
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={look.isPending || send.isPending || wishes.length === 0}
        onClick={() => look.mutate()}
      >
        {label}
      </button>
      {would && (
        <Ask
          would={would}
          onClose={() => setWould(undefined)}
          onConfirm={(reason) => {
            setWould(undefined)
            send.mutate(reason)
          }}
        />
      )}
    </>
  )
}

interface AskProps {
  readonly would: ReplayResult
  onClose(): void
  onConfirm(reason: string): void
}

function Ask({ would: { replayed, refused }, onClose, onConfirm }: AskProps) {
  const [reason, setReason] = useState('')
  const many = replayed.length
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="dialog">
          <AlertDialog.Title>
            {many === 0 ? 'Nothing of it can be sent again' : `Send ${count(many)} again?`}
          </AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="stack">
              {many > 0 && <Numbers of={replayed.map((one) => platformName(one.platform))} />}
              {refused.length > 0 && (
                <div>
                  <p>{count(refused.length)} would be refused, and stay:</p>
                  <Numbers of={refused.map(({ code, reason: why }) => `${words(code)}: ${why}`)} />
                </div>
              )}
              {many + refused.length >= MOST && (
                <p>These are the oldest {count(MOST)}; replay the others after them.</p>
              )}
            </div>
          </AlertDialog.Description>
          {many > 0 && <ReasonField value={reason} onChange={setReason} />}
          <div className="ends">
            <AlertDialog.Cancel className="button">{many > 0 ? 'Cancel' : 'Close'}</AlertDialog.Cancel>
            {many > 0 && (
              <AlertDialog.Action className="button main" onClick={() => onConfirm(reason.trim())}>
                Send them again
              </AlertDialog.Action>
            )}
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** How often each text stands there, the commonest first. */
function Numbers({ of }: { of: readonly string[] }) {
  const all = [...Map.groupBy(of, (text) => text)].sort(([, a], [, b]) => b.length - a.length)
  const left = all.slice(MOST_REASONS).reduce((sum, [, texts]) => sum + texts.length, 0)
  return (
    <ul className="numbers">
      {all.slice(0, MOST_REASONS).map(([text, texts]) => (
        <li key={text}>
          <strong>{count(texts.length)}</strong> {text}
        </li>
      ))}
      {left > 0 && <li className="soft">{count(left)} more for other reasons</li>}
    </ul>
  )
}

interface Wish {
  readonly platform?: EventPlatform
  readonly event_name?: string
  readonly event_ids?: string[]
}

/** One wish for all events of a name at a platform: an id alone would be each event of it everywhere. */
function wishesOf(deliveries: readonly Delivery[]): Wish[] {
  const groups = Map.groupBy(deliveries, ({ platform, event_name }) => `${platform} ${event_name}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined || !isPlatform(first.platform)) return []
    return [
      {
        platform: first.platform,
        event_name: first.event_name,
        event_ids: group.map(({ event_id }) => event_id),
      },
    ]
  })
}

interface HowToReplay {
  readonly dry_run?: boolean
  readonly reason?: string
}

async function replayAll(wishes: readonly Wish[], how: HowToReplay): Promise<ReplayResult> {
  const done: ReplayResult = { replayed: [], refused: [] }
  for (const wish of wishes) {
    const { replayed, refused } = await replayOnce({
      ...{ limit: MOST, dry_run: false, all: wish.event_ids === undefined },
      ...wish,
      ...how,
    })
    done.replayed.push(...replayed)
    done.refused.push(...refused)
  }
  return done
}

const replayOnce = (body: ReplayWish) => dataOf(api.POST('/api/v1/conversions/dead-letters/replay', { body }))

function useReplay(wishes: readonly Wish[], onDone?: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (reason: string) => replayAll(wishes, reason === '' ? {} : { reason }),
    onSuccess({ replayed, refused }) {
      const stayed = refused.length === 0 ? '' : `; ${count(refused.length)} stay, as was said`
      told(`${count(replayed.length)} are sent again${stayed}`)
      onDone?.()
    },
    onError: (error) => failed('The dead letters were not all sent again', error),
    onSettled: () => queries.invalidateQueries({ queryKey: CONVERSIONS_KEY }),
  })
}
