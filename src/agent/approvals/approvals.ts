import { randomUUID } from 'node:crypto'
import type { Audit, Who } from '../../audit/index.ts'
import { AppError, type ErrorCode, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ApprovalEvent, ApprovalKind, Metrics } from '../../metrics/metrics.ts'
import type { Tables } from '../../metrics/tables.ts'
import type { Tell } from '../../notify/index.ts'
import type { Entry } from '../../storage/index.ts'
import { type Clock, every, isoTime } from '../../time/clock.ts'
import { type Org, ownId } from '../organisations.ts'
import { type Approval, type ApprovalStatus, isOver, isPending } from './approval.ts'
import type { ApprovalChanges, ApprovalStore } from './approval-store.ts'
import type { ApprovalFinding, ApprovalRules } from './rules.ts'
import { UsualBids } from './usual-bids.ts'

export interface ApprovalsOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'approvals'>
  readonly tables: Tables
  readonly audit: Audit
  readonly tell: Tell
  readonly store: ApprovalStore
  readonly rules: ApprovalRules
  /** How long an approval waits before it expires. */
  readonly waitMs: number
  /** Called with every approval that is new or has changed, by this process or another. */
  readonly onChange: (approval: Approval) => void
}

/** Who asks for an approval, or decides about one. */
export interface Asker extends Who {
  /** Organisation that its key is bound to; undefined for the operator's. */
  readonly boundTo: Org
}

/**
 * Name of the caller as it is recorded. Two organisations may give a key the same name; the organisation's number after `@`
 * tells them apart, since names have no `@`.
 */
export const askerName = ({ name, boundTo }: Asker): string => ownId(name, boundTo)

/** What is asked for. */
export interface ApprovalAsked {
  readonly kind: ApprovalKind
  readonly scope: string
  readonly finding: ApprovalFinding
  readonly reason?: string | undefined
  /** What it was and what it is to be, in units. */
  readonly from?: unknown
  readonly to?: unknown
  readonly bidId?: string
  /** What is needed to do it; JSON. */
  readonly work: unknown
}

/** What came of doing what was approved. Undefined members where there is nothing to say. */
export interface ApprovalOutcome {
  readonly isApplied: boolean
  readonly code?: ErrorCode | undefined
  readonly detail?: string | undefined
}

/** Does what was approved, by its kind. */
export interface ApprovalHandler {
  /** Does it with all checks of now. Called once at most, whatever happens. Throws AppError where it is not done. */
  apply(approval: Approval): Promise<ApprovalOutcome>
  /** Called with an approval that was not given, or that the end of this service has interrupted. */
  ended?(approval: Approval): void
}

/** How often it is looked for approvals that have ended, in milliseconds. */
const SWEEP_MS = 1_000
/** One key may fill this share of the table of approvals that wait. */
const OF_ONE_KEY = 1 / 10
/** After this many milliseconds an approval that is still `applying` counts as interrupted: its process must have ended. */
const LOST_AFTER_MS = 300_000

/**
 * Approvals: what was asked for and needs another key's consent. An approval is kept as `applying` before anything is done,
 * and nothing that is `applying` is ever begun again, so that whatever ends, it is done once at most.
 */
export class Approvals {
  readonly rules: ApprovalRules
  readonly usual = new UsualBids()
  readonly #options: ApprovalsOptions
  readonly #byId = new Map<string, Approval>()
  readonly #handlers = new Map<ApprovalKind, ApprovalHandler>()
  /** Ids of what this process is doing. */
  readonly #applying = new Set<string>()
  /** Ends that could not be kept yet, by id, with what they replace. */
  readonly #unkept = new Map<string, { readonly next: Approval; readonly before: Approval }>()
  readonly #stopSweeping: () => void

  private constructor(options: ApprovalsOptions) {
    this.#options = options
    this.rules = options.rules
    const { tables, clock, log } = options
    tables.watch('waiting_approvals', () => this.pending)
    tables.watch('ended_approvals', () => this.#ended().length)
    this.#stopSweeping = every(clock, SWEEP_MS, () => {
      this.sweep().catch((error) =>
        log.error({ detail: messageOf(error) }, 'the approvals that have ended could not be found'),
      )
    })
  }

  /** Approvals with those of earlier starts. */
  static async open(options: ApprovalsOptions): Promise<Approvals> {
    const approvals = new Approvals(options)
    try {
      await options.store.watch((changes) => approvals.#take(changes))
      return approvals
    } catch (error) {
      approvals.close()
      throw error
    }
  }

  close(): void {
    this.#stopSweeping()
    this.#options.store.close()
  }

  /** How many wait. */
  get pending(): number {
    return [...this.#byId.values()].filter(isPending).length
  }

  handle(kind: ApprovalKind, handler: ApprovalHandler): void {
    this.#handlers.set(kind, handler)
  }

  /** Notes what was allowed although it is above a threshold. Never rejects. */
  async note(asker: Asker, asked: ApprovalAsked): Promise<void> {
    const { kind, finding } = asked
    this.#count(kind, finding.mode === 'advise' ? 'advised' : 'noted')
    await this.#audit(asker, 'approval.noted', asked)
  }

  /**
   * Asks for an approval. What the same key has asked for already and still waits is returned as it is, except a bid: two
   * bids that say the same are two bids.
   * @returns with what the caller still has to write, to make it last
   * @throws AppError `too_many_approvals`, and `records_unavailable`
   */
  async ask(
    asker: Asker,
    asked: ApprovalAsked,
  ): Promise<{ readonly approval: Approval; readonly entries: readonly Entry[] }> {
    const { clock, store, waitMs, tell } = this.#options
    const same = asked.kind === 'bid' ? undefined : this.#sameOf(asker, asked)
    if (same) return { approval: same, entries: [] }
    this.#requireRoom(asker, asked.kind)
    const id = randomUUID()
    await this.#audit(asker, 'approval.asked', asked, id)
    this.#requireRoom(asker, asked.kind)
    const { kind, scope, finding, reason, from, to, bidId, work } = asked
    const nowMs = clock.nowMs()
    const approval: Approval = {
      ...{ id, kind, status: 'pending_approval', scope, boundTo: asker.boundTo },
      ...{ org: asker.org, askedBy: askerName(asker), askedAtMs: nowMs, expiresAtMs: nowMs + waitMs },
      ...{ reasons: [...finding.reasons], reason, from, to, bidId, work },
    }
    this.#set(approval)
    try {
      const entries = await store.add(approval)
      this.#count(kind, 'asked')
      const { askedBy, expiresAtMs } = approval
      const data = { approvalId: id, askedBy, what: kind, expiresAt: isoTime(expiresAtMs) }
      tell({ kind: 'approval_asked', subject: scope, data })
      return { approval, entries }
    } catch (error) {
      this.#byId.delete(id)
      throw error
    }
  }

  /** Takes back what was asked for and could not be written. */
  async withdraw(approval: Approval): Promise<void> {
    this.#byId.delete(approval.id)
    await this.#options.store.withdraw(approval)
  }

  /** The latest first, of those that a caller bound to `org` may see. */
  list(org: Org): Approval[] {
    return [...this.#byId.values()]
      .filter((one) => maySeeApproval(one, org))
      .sort((a, b) => b.askedAtMs - a.askedAtMs || (a.id < b.id ? -1 : 1))
  }

  get(id: string, org: Org): Approval | undefined {
    const approval = this.#byId.get(id)
    return approval && maySeeApproval(approval, org) ? approval : undefined
  }

  refresh(): Promise<void> {
    return this.#options.store.refresh()
  }

  /**
   * Gives an approval and does what was asked for, or finds that it cannot be done now. The approval ends with that.
   * @throws AppError `approval_ended` where it does not wait any more, and `records_unavailable`
   */
  async give(approval: Approval, by: Asker, reason: string | undefined): Promise<Approval> {
    await this.#requirePending(approval)
    const applying = this.#decided(approval, 'applying', by, reason)
    this.#applying.add(approval.id)
    try {
      await this.#change(applying, approval)
      const outcome = await this.#apply(applying)
      const { isApplied, code, detail } = outcome
      const status = isApplied ? 'applied' : 'not_applied'
      await this.#end({ ...applying, status, code, detail }, applying)
      return this.#byId.get(approval.id) ?? applying
    } finally {
      this.#applying.delete(approval.id)
    }
  }

  /** Refuses what was asked for. It lowers risk, so it holds in this process also where it cannot be kept at once. */
  async refuse(approval: Approval, by: Asker, reason: string | undefined): Promise<Approval> {
    await this.#requirePending(approval)
    const refused = this.#decided(approval, 'refused', by, reason)
    if (this.#options.store.isShared) await this.#change(refused, approval)
    else {
      this.#requireSame(approval)
      await this.#end(refused, approval)
    }
    this.#count(approval.kind, 'refused')
    this.#handlers.get(approval.kind)?.ended?.(refused)
    return refused
  }

  /** Ends what has waited too long and what was interrupted, and forgets the oldest that are over. */
  async sweep(): Promise<void> {
    const { clock, store, tables } = this.#options
    const nowMs = clock.nowMs()
    for (const [id, { next, before }] of [...this.#unkept]) {
      this.#unkept.delete(id)
      await this.#end(next, before)
    }
    for (const approval of [...this.#byId.values()]) {
      if (isPending(approval) && nowMs >= approval.expiresAtMs) await this.#expire(approval)
      else if (this.#isLost(approval, nowMs)) await this.#interrupt(approval)
    }
    const ended = this.#ended().sort((a, b) => endedMs(a) - endedMs(b))
    for (const { id } of ended.slice(0, Math.max(0, ended.length - tables.limits.ended_approvals))) {
      this.#byId.delete(id)
      await store.forget(id).catch(() => {})
    }
  }

  /** What earlier starts have left, and what other processes change. */
  #take({ now, gone }: ApprovalChanges): void {
    for (const id of gone) this.#byId.delete(id)
    for (const approval of now) {
      const before = this.#byId.get(approval.id)
      this.#set(approval)
      const isNotGiven = approval.status === 'refused' || approval.status === 'expired'
      if (before && isPending(before) && isNotGiven) this.#handlers.get(approval.kind)?.ended?.(approval)
    }
  }

  #isLost({ id, status, decidedAtMs = 0 }: Approval, nowMs: number): boolean {
    if (status !== 'applying' || this.#applying.has(id) || this.#unkept.has(id)) return false
    // Only this process has these records, so an earlier start of it was applying the change and has ended.
    return !this.#options.store.isShared || nowMs - decidedAtMs > LOST_AFTER_MS
  }

  async #expire(approval: Approval): Promise<void> {
    if (this.#byId.get(approval.id) !== approval) return
    const expired: Approval = { ...approval, status: 'expired', decidedAtMs: this.#options.clock.nowMs() }
    if (!(await this.#end(expired, approval))) return
    this.#handlers.get(approval.kind)?.ended?.(expired)
    await this.#auditEnd(approval, 'approval.expired')
  }

  async #interrupt(approval: Approval): Promise<void> {
    if (this.#byId.get(approval.id) !== approval) return
    const detail =
      'The service ended while this was being done; it is not done again, and whether it was done is not known from here'
    const code = 'outcome_unknown'
    const interrupted: Approval = { ...approval, status: 'interrupted', code, detail }
    const isOurs = (await this.#end(interrupted, approval)) && !this.#options.store.isShared
    if (isOurs) this.#handlers.get(approval.kind)?.ended?.(interrupted)
  }

  /** Throws 409 where it does not wait any more; one whose time is over ends here. */
  async #requirePending(approval: Approval): Promise<void> {
    if (isPending(approval) && this.#options.clock.nowMs() >= approval.expiresAtMs) {
      await this.#expire(approval)
      throw endedError('expired')
    }
    this.#requireSame(approval)
    if (!isPending(approval)) throw endedError(approval.status)
  }

  /** Throws 409 where it has changed meanwhile. It is checked again wherever something was awaited in between. */
  #requireSame(approval: Approval): void {
    const now = this.#byId.get(approval.id)
    if (now !== approval) throw endedError(now?.status)
  }

  #decided(approval: Approval, status: ApprovalStatus, by: Asker, decisionReason?: string): Approval {
    const decidedAtMs = this.#options.clock.nowMs()
    return { ...approval, status, decidedBy: askerName(by), decidedAtMs, decisionReason }
  }

  /** Keeps a change before anything is done. Whoever comes second, here or elsewhere, is refused. */
  async #change(next: Approval, before: Approval): Promise<void> {
    const { store } = this.#options
    this.#requireSame(before)
    // Set before anything is awaited, so that of two calls at the same time only one begins.
    this.#set(next)
    try {
      if (await store.change(next, before)) return
    } catch (error) {
      this.#set(before)
      // A write that failed may be repeated later. This one comes after it then.
      await store.change(before, next).catch(() => {})
      throw error
    }
    await store.refresh()
    throw endedError(this.#byId.get(next.id)?.status)
  }

  async #apply(approval: Approval): Promise<ApprovalOutcome> {
    const handler = this.#handlers.get(approval.kind)
    if (!handler) throw new Error(`approvals of the kind ${approval.kind} have no handler`)
    try {
      return await handler.apply(approval)
    } catch (error) {
      if (error instanceof AppError)
        return { isApplied: false, code: error.code, detail: error.message } satisfies ApprovalOutcome
      this.#options.log.error({ err: error, approval: approval.id }, 'what was approved failed')
      return { isApplied: false, code: 'internal', detail: 'Unexpected error' }
    }
  }

  /** Notes an end here and keeps it, now or later. Resolves to false where another process was first. */
  async #end(next: Approval, before: Approval): Promise<boolean> {
    const { store, log } = this.#options
    this.#set(next)
    try {
      if (!(await store.change(next, before))) {
        await store.refresh().catch(() => {})
        return false
      }
      this.#countEnd(next)
      return true
    } catch (error) {
      log.error({ approval: next.id, detail: messageOf(error) }, 'the end of an approval cannot be kept now')
      this.#unkept.set(next.id, { next, before })
      return true
    }
  }

  #countEnd({ kind, status }: Approval): void {
    if (status === 'expired' || status === 'applied' || status === 'not_applied' || status === 'interrupted')
      this.#count(kind, status)
  }

  #set(approval: Approval): void {
    this.#byId.set(approval.id, approval)
    this.#options.onChange(approval)
  }

  #ended(): Approval[] {
    return [...this.#byId.values()].filter(isOver)
  }

  #sameOf(asker: Asker, { kind, scope, work }: ApprovalAsked): Approval | undefined {
    const text = JSON.stringify(work)
    const name = askerName(asker)
    return [...this.#byId.values()].find(
      (one) =>
        isPending(one) &&
        one.kind === kind &&
        one.scope === scope &&
        one.askedBy === name &&
        this.#options.clock.nowMs() < one.expiresAtMs &&
        JSON.stringify(one.work) === text,
    )
  }

  /** Throws 429 where too many wait already, of this key or in all. */
  #requireRoom(asker: Asker, kind: ApprovalKind): void {
    const most = this.#options.tables.limits.waiting_approvals
    const name = askerName(asker)
    const waiting = [...this.#byId.values()].filter(isPending)
    const ofKey = waiting.filter(({ askedBy }) => askedBy === name).length
    if (waiting.length < most && ofKey < Math.max(1, most * OF_ONE_KEY)) return
    this.#count(kind, 'full')
    const whose = waiting.length < most ? ' of this key' : ''
    const detail = `This needs an approval, and ${whose === '' ? waiting.length : ofKey}${whose} wait already`
    throw new AppError('too_many_approvals', detail, 'later')
  }

  #count(kind: ApprovalKind, event: ApprovalEvent): void {
    this.#options.metrics.approvals.inc({ kind, event })
  }

  async #audit(
    asker: Asker,
    action: 'approval.noted' | 'approval.asked',
    { kind, scope, finding, from, to, reason }: ApprovalAsked,
    approvalId?: string,
  ): Promise<void> {
    const said = { approvalId, what: kind, reasons: finding.reasons, wanted: to }
    const change = { action, target: scope, values: () => ({ from, to: said }), reason, lowersRisk: true }
    await this.#options.audit.record(asker, change, () => {})
  }

  async #auditEnd({ id, kind, scope, org, askedBy }: Approval, action: 'approval.expired'): Promise<void> {
    const change = { action, target: scope, values: () => ({ to: { approvalId: id, what: kind } }) }
    await this.#options.audit.record({ name: askedBy, org }, { ...change, lowersRisk: true }, () => {})
  }
}

const endedMs = ({ decidedAtMs, expiresAtMs }: Approval): number => decidedAtMs ?? expiresAtMs

/** Whether a caller bound to `org` may see it: the operator sees all, an organisation what its own keys have asked for. */
export const maySeeApproval = ({ boundTo }: Pick<Approval, 'boundTo'>, org: Org): boolean =>
  org === undefined || boundTo === org

const endedError = (status: ApprovalStatus | undefined): AppError =>
  new AppError(
    'approval_ended',
    status === undefined
      ? 'This approval does not wait any more'
      : `This approval does not wait any more: it is ${status}`,
  )
