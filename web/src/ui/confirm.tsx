import * as AlertDialog from 'radix-ui/alert-dialog'
import { type ReactNode, useState } from 'react'

interface ConfirmProps {
  /** What it asks from: a button. */
  readonly trigger: ReactNode
  readonly title: string
  readonly children: ReactNode
  /** Verb of the button that does it. */
  readonly action: string
  /** Whether it can be given a reason, which is kept with the change. */
  readonly asksReason?: boolean
  /** False while what it would do is not told whole yet. */
  readonly isReady?: boolean
  onConfirm(reason: string | undefined): void
}

/** Asks before something that lets more be spent, or that cannot be taken back. */
export function Confirm(props: ConfirmProps) {
  const { trigger, title, children, action, asksReason = true, isReady = true, onConfirm } = props
  const [reason, setReason] = useState('')
  return (
    <AlertDialog.Root onOpenChange={() => setReason('')}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="dialog">
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div>{children}</div>
          </AlertDialog.Description>
          {asksReason && <ReasonField value={reason} onChange={setReason} />}
          <div className="ends">
            <AlertDialog.Cancel className="button">Cancel</AlertDialog.Cancel>
            <AlertDialog.Action
              className="button main"
              disabled={!isReady}
              onClick={() => onConfirm(reason.trim() || undefined)}
            >
              {action}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** Longest reason that the service keeps, in characters. */
const MAX_REASON = 500

export function ReasonField({ value, onChange }: { value: string; onChange: (reason: string) => void }) {
  return (
    <label className="field">
      <span>Reason (kept with the change)</span>
      <input maxLength={MAX_REASON} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  )
}
