import type { Metrics } from '../../metrics/metrics.ts'
import type { NoticeKind, Settlement } from './openrtb/index.ts'
import type { SeatStats } from './seat-stats.ts'

/** An event of notices to be counted. It is plain data, so that another process can count it. */
export type NoticeEvent =
  | {
      readonly is: 'heard'
      readonly seat: string
      readonly kind: NoticeKind
      readonly settlement: Pick<Settlement, 'is' | 'price' | 'lossCode' | 'contradicts' | 'delayMs'>
    }
  /** The notice waits for the budget store. */
  | { readonly is: 'kept'; readonly seat: string; readonly kind: NoticeKind }
  /** Micros were billed that no budget had room for. */
  | { readonly is: 'overdrawn'; readonly seat: string; readonly amount: number }
  /** A notice token was used at the address of another kind of notice than it was signed for. */
  | { readonly is: 'misused'; readonly seat: string; readonly kind: NoticeKind }
  | { readonly is: 'forged' }

/** A notice that was understood. */
export type HeardNotice = Extract<NoticeEvent, { is: 'heard' }>

export type CountNotice = (event: NoticeEvent) => void

/** Ranges of loss codes that OpenRTB and AdCOM define. Exchanges have more of their own. */
const LOSS_CODES: readonly (readonly [first: number, last: number])[] = [
  [0, 10],
  [100, 104],
  [200, 219],
]

/**
 * Metric label of a loss code. Anybody with a notice token can send any code, so only codes of the specification become
 * labels.
 */
const lossLabel = (code: number): string =>
  LOSS_CODES.some(([first, last]) => code >= first && code <= last) ? String(code) : 'other'

/** Counts an event in the metrics and the seat's statistics of this process. */
export function countNotices(metrics: Metrics, statsOf: (seat: string) => SeatStats): CountNotice {
  return (event) => {
    switch (event.is) {
      case 'forged':
        metrics.forgedNotices.add({})
        return
      case 'misused':
        metrics.notices.add({ seat: event.seat, kind: event.kind, result: 'other_kind' })
        return
      case 'kept':
        metrics.notices.add({ seat: event.seat, kind: event.kind, result: 'kept' })
        return
      case 'overdrawn':
        statsOf(event.seat).overdraft += event.amount
        return
      case 'heard': {
        const { seat, kind } = event
        const { is, price, lossCode, contradicts, delayMs } = event.settlement
        metrics.notices.add({ seat, kind, result: is })
        if (contradicts) metrics.falseLosses.add({ seat })
        if (price !== undefined) metrics.noticePrices.add({ seat, form: price })
        if (lossCode !== undefined) metrics.losses.add({ seat, code: lossLabel(lossCode) })
        if (statsOf(seat).countNotice(kind, is, delayMs))
          metrics.noticeDelay.observe({ seat, kind }, delayMs / 1000)
      }
    }
  }
}
