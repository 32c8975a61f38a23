import * as AlertDialog from 'radix-ui/alert-dialog'
import { useRef, useState } from 'react'
import type { MadeKey } from '../../api/settings.ts'

/** A key that was just made. It cannot be had again, so that nothing but its button closes it. */
export function MadeKeyDialog({ made, onClose }: { made: MadeKey; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [isCopied, setIsCopied] = useState(false)
  const copy = async () => {
    field.current?.select()
    // Browsers let a page write to the clipboard where it came by https, or from this machine.
    await navigator.clipboard?.writeText(made.key)
    setIsCopied(navigator.clipboard !== undefined)
  }
  return (
    <AlertDialog.Root open>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="dialog" onEscapeKeyDown={(event) => event.preventDefault()}>
          <AlertDialog.Title>The key {made.name}</AlertDialog.Title>
          <AlertDialog.Description>
            It is shown this once: nobody can look it up later, here neither.
          </AlertDialog.Description>
          <label className="field made-key">
            <span>API key</span>
            <input
              ref={field}
              readOnly
              className="mono"
              value={made.key}
              onFocus={(event) => event.target.select()}
            />
          </label>
          <p className="side-note">
            Programs send it as <code>Authorization: Bearer …</code>
          </p>
          <div className="ends">
            <button type="button" className="button" onClick={copy}>
              {isCopied ? 'Copied' : 'Copy'}
            </button>
            <AlertDialog.Action className="button main" onClick={onClose}>
              I have kept it
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
