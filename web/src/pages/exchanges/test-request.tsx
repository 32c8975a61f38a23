import { dataOf } from '@bidwarden/client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import type { TestRequestBody } from '../../api/exchanges.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { TestAnswer } from './test-answer.tsx'

const AD_SLOTS = ['300x250', '728x90', '320x50', '160x600', '300x600', '970x250', 'video', 'native'] as const
type AdSlot = (typeof AD_SLOTS)[number]

interface Asked {
  readonly slot: AdSlot
  readonly floor: string
  readonly domain: string
  readonly country: string
  readonly ltv: string
}

const EXAMPLE: Asked = { slot: '300x250', floor: '0.5', domain: 'news.example', country: 'USA', ltv: '120' }

/** Sends a bid request as a test: it is decided like any other, and nothing is held or sent. */
export function TestRequest({ seat }: { seat: string }) {
  const [asked, setAsked] = useState(EXAMPLE)
  // What was typed counts instead of the fields, until one of them is changed.
  const [typed, setTyped] = useState<string>()
  const [wrong, setWrong] = useState<string>()
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (body: TestRequestBody) =>
      dataOf(api.POST('/v1/seats/{seat}/test', { params: { path: { seat } }, body })),
  })
  const text = typed ?? JSON.stringify(requestOf(asked), undefined, 2)
  const set = (part: Partial<Asked>) => {
    setAsked({ ...asked, ...part })
    setTyped(undefined)
  }
  const send = () => {
    const body = parsed(text)
    setWrong(typeof body === 'string' ? body : undefined)
    if (typeof body !== 'string') mutate(body)
  }
  return (
    <section className="card" aria-labelledby="test">
      <header>
        <h2 id="test">Send a test request</h2>
        <span className="side-note">It is decided like any other; nothing is held, won or learned</span>
      </header>
      <form
        className="body stack"
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <div className="fields wide">
          <label className="field">
            <span>Slot</span>
            <select value={asked.slot} onChange={(event) => set({ slot: slotOf(event.target.value) })}>
              {AD_SLOTS.map((slot) => (
                <option key={slot}>{slot}</option>
              ))}
            </select>
          </label>
          <Field
            label="Floor (CPM in USD)"
            value={asked.floor}
            onChange={(floor) => set({ floor })}
            isNumber
          />
          <Field label="Domain of the site" value={asked.domain} onChange={(domain) => set({ domain })} />
          <Field
            label="Country (three letters)"
            value={asked.country}
            onChange={(country) => set({ country })}
          />
          <Field label="Predicted value" value={asked.ltv} onChange={(ltv) => set({ ltv })} isNumber />
        </div>
        <details>
          <summary>The whole request as JSON</summary>
          <label className="field">
            <span className="sr-only">Bid request</span>
            <textarea
              className="mono"
              rows={14}
              spellCheck={false}
              value={text}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        </details>
        <div className="row">
          <button type="submit" className="button main" disabled={isPending}>
            Send it
          </button>
        </div>
        <div aria-live="polite" className="stack">
          {wrong !== undefined && <p className="chip danger">{wrong}</p>}
          {error && <ProblemBox problem={error} />}
          {data && !error && <TestAnswer answer={data} />}
        </div>
      </form>
    </section>
  )
}

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly isNumber?: boolean
  onChange(value: string): void
}

function Field({ label, value, isNumber = false, onChange }: FieldProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        {...(isNumber && { inputMode: 'decimal' })}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

const slotOf = (value: string): AdSlot => AD_SLOTS.find((one) => one === value) ?? AD_SLOTS[0]

function requestOf({ slot, floor, domain, country, ltv }: Asked): object {
  return {
    id: 'console-test',
    imp: [{ id: '1', ...slotBody(slot), ...numberOf('bidfloor', floor), secure: 1 }],
    ...(domain.trim() !== '' && { site: { domain: domain.trim() } }),
    device: {
      devicetype: 2,
      ...(country.trim() !== '' && { geo: { country: country.trim().toUpperCase() } }),
    },
    ...(ltv.trim() !== '' && { ext: { bidwarden: numberOf('predictedLtv', ltv) } }),
  }
}

const NATIVE_ASK = {
  ver: '1.2',
  assets: [
    { id: 1, required: 1, title: { len: 90 } },
    { id: 2, required: 1, img: { type: 3, wmin: 300, hmin: 150 } },
    { id: 3, data: { type: 2, len: 140 } },
  ],
}

function slotBody(slot: AdSlot): object {
  if (slot === 'video')
    return {
      video: {
        mimes: ['video/mp4'],
        minduration: 5,
        maxduration: 60,
        protocols: [2, 3, 5, 6, 7, 8],
        linearity: 1,
      },
    }
  if (slot === 'native') return { native: { request: JSON.stringify(NATIVE_ASK), ver: '1.2' } }
  const [w, h] = slot.split('x').map(Number)
  return { banner: { format: [{ w, h }] } }
}

/** A member that is a number; what is none is sent as it was typed, and refused in the service's words. */
const numberOf = (name: string, text: string): object => {
  if (text.trim() === '') return {}
  const number = Number(text)
  return { [name]: Number.isNaN(number) ? text : number }
}

function parsed(text: string): TestRequestBody | string {
  try {
    const body: unknown = JSON.parse(text)
    // The service says in words what of it is not as OpenRTB has it.
    return body as TestRequestBody
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : error}`
  }
}
