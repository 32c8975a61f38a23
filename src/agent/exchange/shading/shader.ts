import type { Clock } from '../../../time/clock.ts'
import type { Heard, Imp, Offer, OpenRtbRequest, Seat, Shade, Shading } from '../openrtb/index.ts'
import {
  ClassShades,
  type JudgedBid,
  type KeptShades,
  LEAST_SHADE,
  type ShadesShown,
} from './class-shades.ts'
import { OpenAuctions } from './open-auctions.ts'
import { SLOT_CLASSES, type SlotClass, slotClassOf } from './slot-class.ts'

/** Age at which bids are judged, in milliseconds; they are judged earlier if their hold ends earlier. */
const JUDGED_AFTER_MS = 30_000
/** Most bids that one call judges, so that it does not delay the search for long. */
const MAX_JUDGED = 200
/** Most judged bids that wait to be reported to the primary; further ones teach this process only. */
const MAX_NEWS = 2_000

/** A judged bid, for the process that learns for all workers. */
export interface ShadeNews extends JudgedBid {
  readonly seat: string
  readonly slot: SlotClass
}

/** What is known of the slots of one class at a seat. */
interface Slot {
  readonly seat: string
  readonly slot: SlotClass
  readonly shades: ClassShades
  isChanged: boolean
}

export interface ShaderDeps {
  readonly clock: Clock
  readonly seats: readonly Pick<Seat, 'id'>[]
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined
  /** Whether this process reports judged bids to another, which learns from all and sends back what was learned. */
  readonly reports?: boolean
}

/**
 * Learns at which prices first-price auctions of each seat are won, by class of slot, and says what share of its worth
 * to bid for an impression. Memory is bounded: {@link SLOT_CLASSES} for each configured seat, and the bids of the last
 * half minute.
 */
export class Shader implements Shading {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #reports: boolean
  readonly #seats: ReadonlyMap<string, (Slot | undefined)[]>
  /** All slots that are known; `slot` of an open auction is an index in this list. */
  readonly #slots: Slot[] = []
  readonly #numbers = new Map<Slot, number>()
  readonly #open = new OpenAuctions()
  #news: ShadeNews[] = []

  constructor({ clock, seats, random = Math.random, reports = false }: ShaderDeps) {
    this.#clock = clock
    this.#random = random
    this.#reports = reports
    this.#seats = new Map(seats.map(({ id }) => [id, new Array<Slot | undefined>(SLOT_CLASSES.length)]))
  }

  luck(): number {
    return this.#random()
  }

  leastShade(seat: string): number {
    // Each search begins with this call, so what is due by now is learned before it.
    this.#judge(this.#clock.elapsedMs())
    return this.#seats.get(seat)?.some((slot) => slot && !slot.shades.isLearning) ? LEAST_SHADE : 1
  }

  shade(
    seat: string,
    request: OpenRtbRequest,
    imp: Imp,
    offer: Offer,
    { worth, floor, luck }: { worth: number; floor: number; luck: number },
  ): Shade {
    const shades = this.#seats.get(seat)?.[slotClassOf(request, imp, offer)]?.shades
    if (!offer.campaign.isShaded) return { by: 1, why: 'off' }
    if (!shades || shades.isLearning) return { by: 1, why: 'learning' }
    const { trials } = shades
    if (luck < trials) return { by: shades.trial(worth, floor, luck / trials), why: 'trial' }
    return { by: shades.best(worth, floor), why: 'learned' }
  }

  made(
    { id, hold }: Seat,
    request: OpenRtbRequest,
    imp: Imp,
    offer: Offer,
    bid: { readonly seq: number; readonly price: number; readonly worth: number },
  ): void {
    const nowMs = this.#clock.elapsedMs()
    const slot = this.#slot(id, slotClassOf(request, imp, offer))
    if (!slot) return
    const dueMs = nowMs + Math.min(JUDGED_AFTER_MS, hold.ttlMs)
    this.#open.add({ ...bid, slot: this.#numbers.get(slot) ?? 0, dueMs })
  }

  dropped(seq: number): void {
    this.#open.drop(seq)
  }

  /** Takes what a notice says of a bid. A win stands, whatever follows. */
  heard(seq: number, { fate, lowest }: Heard): void {
    const open = this.#open.get(seq)
    if (!open) return
    if (open.fate !== 'won') open.fate = fate
    if (lowest !== undefined) open.lowest = lowest
  }

  /** What this process has judged since the last call. */
  takeNews(): ShadeNews[] {
    this.#judge(this.#clock.elapsedMs())
    const news = this.#news
    this.#news = []
    return news
  }

  /** Learns from bids that another process has judged. */
  learn(news: readonly ShadeNews[]): void {
    for (const one of news) {
      const slot = this.#slot(one.seat, SLOT_CLASSES.indexOf(one.slot))
      if (slot) this.#learn(slot, one)
    }
  }

  /** What is known of a seat's slots, for people. */
  shown(seat: string): (ShadesShown & { readonly slot: SlotClass })[] {
    this.#judge(this.#clock.elapsedMs())
    return this.#of(seat).map(({ slot, shades }) => ({ slot, ...shades.shown() }))
  }

  /** What is known of a seat's slots, to be kept. */
  kept(seat: string): [slot: SlotClass, kept: KeptShades][] {
    return this.#of(seat).flatMap(({ slot, shades }) => (shades.isEmpty ? [] : [[slot, shades.kept()]]))
  }

  /** The seats of which something was learned since the last call. */
  takeChanged(): string[] {
    this.#judge(this.#clock.elapsedMs())
    const changed = new Set<string>()
    for (const slot of this.#slots) {
      if (slot.isChanged) changed.add(slot.seat)
      slot.isChanged = false
    }
    return [...changed]
  }

  /**
   * Replaces what is known of a seat's slots. Bids that this process has not reported yet are learned again: no other
   * process knows them.
   */
  restore(seat: string, all: readonly (readonly [slot: SlotClass, kept: KeptShades])[]): void {
    for (const [name, kept] of all) this.#slot(seat, SLOT_CLASSES.indexOf(name))?.shades.restore(kept)
    for (const one of this.#news) {
      if (one.seat === seat) this.#slot(seat, SLOT_CLASSES.indexOf(one.slot))?.shades.learn(one)
    }
  }

  #of(seat: string): Slot[] {
    return (this.#seats.get(seat) ?? []).filter((slot) => slot !== undefined)
  }

  /** Undefined for a seat or a class that is not known. */
  #slot(seat: string, number: number): Slot | undefined {
    const slots = this.#seats.get(seat)
    const name = SLOT_CLASSES[number]
    if (!slots || name === undefined) return undefined
    const known = slots[number]
    if (known) return known
    const fresh: Slot = { seat, slot: name, shades: new ClassShades(), isChanged: false }
    slots[number] = fresh
    this.#numbers.set(fresh, this.#slots.push(fresh) - 1)
    return fresh
  }

  #judge(nowMs: number): void {
    for (const { slot: number, price, worth, fate, lowest } of this.#open.takeDue(nowMs, MAX_JUDGED)) {
      const slot = this.#slots[number]
      if (!slot || fate === 'unfit') continue
      const judged: JudgedBid = { price, worth, isWon: fate === 'won', lowest }
      this.#learn(slot, judged)
      if (this.#reports && this.#news.length < MAX_NEWS)
        this.#news.push({ seat: slot.seat, slot: slot.slot, ...judged })
    }
  }

  #learn(slot: Slot, judged: JudgedBid): void {
    slot.shades.learn(judged)
    slot.isChanged = true
  }
}
