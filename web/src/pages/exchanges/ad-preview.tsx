import { useEffect, useMemo, useRef, useState } from 'react'
import type { Creative } from '../../api/exchanges.ts'
import { adDocument, type ShownAd, shownAd } from './ad-document.ts'

/** The page that becomes the ad: it has no origin, and so neither this page's session nor its data. */
const FRAME = '/console/creative'
/** Size of what has none of its own, in pixels. */
const USUAL_SIZE = { w: 340, h: 300 }
/** So long after the last key the ad is drawn anew, in milliseconds. */
const SETTLED_MS = 400

/** An ad as it would look. It loads nothing until that is asked for: loading may count as a view elsewhere. */
export function AdPreview({ creative }: { creative: Creative }) {
  const settled = useSettled(creative)
  const [loads, setLoads] = useState(false)
  const ad = useMemo(() => drawn(settled), [settled])
  if (ad === undefined) return <p className="side-note">It lacks something that an ad of its kind needs.</p>
  const page = adDocument(ad, loads)
  return (
    <div className="preview">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section className="ad" tabIndex={0} aria-label={`Preview of the ad ${creative.id}`}>
        <Frame key={page} page={page} title={`The ad ${creative.id}`} size={ad.size ?? USUAL_SIZE} />
      </section>
      {ad.hosts.length > 0 || loads ? (
        <label className="check">
          <input type="checkbox" checked={loads} onChange={(event) => setLoads(event.target.checked)} />
          <span>
            Run its scripts and load from {ad.hosts.join(', ') || 'nowhere'}
            <span className="side-note"> (may count as a view there)</span>
          </span>
        </label>
      ) : (
        <p className="side-note">It loads nothing from elsewhere.</p>
      )}
    </div>
  )
}

/** Undefined where what was typed as JSON is no such ad: the service says what it lacks. */
function drawn(creative: Creative): ShownAd | undefined {
  try {
    return shownAd(creative)
  } catch {
    return undefined
  }
}

interface FrameProps {
  readonly page: string
  readonly title: string
  readonly size: { readonly w: number; readonly h: number }
}

function Frame({ page, title, size }: FrameProps) {
  const isSent = useRef(false)
  return (
    <iframe
      title={title}
      src={FRAME}
      sandbox="allow-scripts"
      width={size.w}
      height={size.h}
      onLoad={({ currentTarget }) => {
        // The ad that it becomes has loaded, too.
        if (isSent.current) return
        isSent.current = true
        currentTarget.contentWindow?.postMessage({ ad: page }, '*')
      }}
    />
  )
}

/** What a value was when it had not changed for a moment. */
function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
