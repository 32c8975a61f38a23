import type { Creative } from '../../api/exchanges.ts'
import { objectIn } from './json-object.ts'

/** An ad as it stands in the form: banners by their fields, other kinds as JSON. */
export interface CreativeDraft {
  /** Tells ads of the form apart. */
  readonly key: number
  readonly type: Creative['type']
  readonly id: string
  /** Of a banner, as they were typed: `300x250, 320x50`. */
  readonly sizes: string
  readonly markup: string
  /** What has no field, as JSON. */
  readonly rest: string
}

type Partly = Partial<Creative> & Pick<Creative, 'type' | 'id'>
let lastKey = 0

export function creativeDraftOf(creative: Partly): CreativeDraft {
  lastKey += 1
  const { type, id, ...others } = creative
  const { sizes, markup, ...rest } = { sizes: undefined, markup: undefined, ...others }
  return {
    ...{ key: lastKey, type, id },
    sizes: (sizes ?? []).map(({ w, h }: { w: number; h: number }) => `${w}x${h}`).join(', '),
    markup: markup ?? '',
    rest: JSON.stringify(rest, undefined, 2),
  }
}

/** Examples of what other kinds of ads need. */
const EXAMPLES: Readonly<Record<Exclude<Creative['type'], 'banner'>, object>> = {
  video: { vastUrl: 'https://ads.example/vast.xml', durationSeconds: 30, mimes: ['video/mp4'] },
  audio: { vastUrl: 'https://ads.example/vast.xml', durationSeconds: 30, mimes: ['audio/mpeg'] },
  native: {
    title: 'What is to be read',
    link: 'https://advertiser.example/',
    images: [{ type: 3, url: 'https://cdn.advertiser.example/wide.png', w: 1200, h: 627 }],
    data: [{ type: 2, value: 'A sentence about it.' }],
  },
}

export const newCreative = (type: Creative['type']): CreativeDraft => ({
  ...creativeDraftOf({ type, id: '' } as Partly),
  rest: type === 'banner' ? '{}' : JSON.stringify(EXAMPLES[type], undefined, 2),
})

/** The ad that a draft asks for, or what is wrong with it before the service has seen it. */
export function creativeOf({ type, id, sizes, markup, rest }: CreativeDraft): Creative | string {
  const others = objectIn(rest)
  if (others === undefined) return `What else there is of the ad ${id} is no JSON object`
  if (type !== 'banner') return { ...others, type, id: id.trim() } as Creative
  const pairs = sizes.split(/[\s,]+/).filter((one) => one !== '')
  const read = pairs.map((pair) => /^(\d+)[x×](\d+)$/.exec(pair))
  if (read.length === 0 || read.includes(null)) return 'A banner needs sizes such as 300x250, 320x50'
  const whole = read.map((match) => ({ w: Number(match?.[1]), h: Number(match?.[2]) }))
  return { ...others, type, id: id.trim(), sizes: whole, markup } as Creative
}
