/** The API frameworks that an ad uses, by AdCOM's list: 1 and 2 VPAID, 3, 5 and 6 MRAID, 4 ORMMA, 7 OMID, 8 and 9 SIMID. */

export interface Framework {
  /** Any of them will do: a document says "MRAID", and the list has one code for each version. */
  readonly codes: readonly number[]
  /** Whether the ad cannot be shown without it. */
  readonly isNeeded: boolean
}

const VPAID: readonly number[] = [2, 1]
/** VPAID in JavaScript began with version 2. */
const VPAID_SCRIPT: readonly number[] = [2]
const CODES_BY_NAME: Readonly<Record<string, readonly number[]>> = {
  vpaid: VPAID,
  mraid: [3, 5, 6],
  ormma: [4],
  omid: [7],
  simid: [8, 9],
}
const NAME = /^\s*(vpaid|mraid|ormma|omid|simid)/i
const SCRIPT = /^\s*(?:application|text)\/(?:x-)?javascript/i

/** Codes of a file of a VAST document; undefined for a file that any player can show. */
function codesOfFile(
  framework: string | undefined,
  mediaType: string | undefined,
): readonly number[] | undefined {
  const isScript = SCRIPT.test(mediaType ?? '')
  const codes = CODES_BY_NAME[NAME.exec(framework ?? '')?.[1]?.toLowerCase() ?? '']
  // A script is no video: players that take one as a media file run it as VPAID.
  if (codes === undefined) return isScript ? VPAID_SCRIPT : undefined
  return codes === VPAID && isScript ? VPAID_SCRIPT : codes
}

/** Elements that hold the files of one ad, of which a player chooses one. */
const CHOICES = /^(?:MediaFiles|Linear|NonLinearAds)$/

/** Collects the frameworks of a VAST document from its elements, in document order and without prefixes. */
export class VastFrameworks {
  readonly found: Framework[] = []
  /** Codes of each file that the player may choose. */
  #choice: (readonly number[] | undefined)[] = []

  open(element: string, attributes: Readonly<Record<string, string>>): void {
    const codes = codesOfFile(attribute(attributes, 'apiframework'), attribute(attributes, 'type'))
    if (element === 'MediaFile' || element === 'NonLinear') this.#choice.push(codes)
    else if (codes === undefined) return
    else if (element === 'InteractiveCreativeFile') this.found.push(needed(codes))
    // A player leaves out a measuring script that it cannot run, and reports that.
    else if (element === 'JavaScriptResource') this.found.push({ codes, isNeeded: false })
  }

  close(element: string): void {
    if (!CHOICES.test(element) || this.#choice.length === 0) return
    const codes = this.#choice.filter((file) => file !== undefined)
    if (codes.length === this.#choice.length) this.found.push(needed([...new Set(codes.flat())]))
    this.#choice = []
  }
}

const attribute = (attributes: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.entries(attributes).find(([written]) => written.toLowerCase() === name)?.[1]

/** The script by which a container for MRAID recognises an ad of that kind. */
const MRAID_SCRIPT = /\bmraid\.js\b/i

export const frameworksOfMarkup = (markup: string): readonly Framework[] =>
  MRAID_SCRIPT.test(markup) ? [needed(CODES_BY_NAME['mraid'] ?? [])] : []

const needed = (codes: readonly number[]): Framework => ({ codes, isNeeded: true })

/** Codes that a campaign names, and frameworks that were found of which it names no code. None is there twice. */
export function withNamed(named: readonly number[], found: readonly Framework[]): readonly Framework[] {
  const all = [
    ...named.map((code) => needed([code])),
    ...found.filter(({ codes }) => !codes.some((code) => named.includes(code))),
  ]
  return [...new Map(all.map((framework) => [JSON.stringify(framework), framework])).values()]
}

/** Whether a slot that supports these codes can show the ad. Codes that a slot does not list are not supported. */
export function supportsAll(slotCodes: readonly number[], frameworks: readonly Framework[]): boolean {
  for (const { codes, isNeeded } of frameworks) {
    if (isNeeded && !codes.some((code) => slotCodes.includes(code))) return false
  }
  return true
}

/** The codes that the ad uses in the slot, those it needs first. */
export function usedIn(slotCodes: readonly number[], frameworks: readonly Framework[]): readonly number[] {
  const used = new Set<number>()
  for (const isNeeded of [true, false])
    for (const framework of frameworks) {
      if (framework.isNeeded !== isNeeded) continue
      const code = framework.codes.find((one) => slotCodes.includes(one))
      if (code !== undefined) used.add(code)
    }
  return [...used]
}
