import * as Toast from 'radix-ui/toast'
import { useSyncExternalStore } from 'react'
import { explained } from '../api/problem.ts'

interface Shown {
  readonly id: number
  readonly title: string
  readonly detail?: string | undefined
  readonly isProblem: boolean
}

/** How long good news stays, in milliseconds; a problem stays until it is closed. */
const GOOD_NEWS_MS = 5_000
/** Most toasts at once; the oldest go. */
const MOST_SHOWN = 4

let shown: readonly Shown[] = []
let lastId = 0
const listeners = new Set<() => void>()

function change(next: readonly Shown[]): void {
  shown = next
  for (const listener of listeners) listener()
}

function add(toast: Omit<Shown, 'id'>): void {
  lastId += 1
  change([...shown, { ...toast, id: lastId }].slice(-MOST_SHOWN))
}

/** Says what was done, also to a screen reader. */
export const told = (title: string): void => add({ title, isProblem: false })

/** Says what was not done, why, and what to try. */
export function failed(title: string, thrown: unknown): void {
  const { what, advice } = explained(thrown)
  const detail = [what, advice].filter(Boolean).join('. ')
  add({ title, detail, isProblem: true })
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, () => shown)
  return (
    <Toast.Provider duration={GOOD_NEWS_MS} label="Notice">
      {toasts.map(({ id, title, detail, isProblem }) => (
        <Toast.Root
          key={id}
          className={isProblem ? 'toast danger' : 'toast'}
          type={isProblem ? 'foreground' : 'background'}
          {...(isProblem && { duration: Number.POSITIVE_INFINITY })}
          onOpenChange={(open) => open || change(shown.filter((one) => one.id !== id))}
        >
          <Toast.Title>{title}</Toast.Title>
          <Toast.Close className="button quiet" aria-label="Close">
            ×
          </Toast.Close>
          {detail !== undefined && <Toast.Description className="detail">{detail}</Toast.Description>}
        </Toast.Root>
      ))}
      <Toast.Viewport className="toasts" />
    </Toast.Provider>
  )
}
