import { randomBytes } from 'node:crypto'
import { nanoid } from 'nanoid'
import {
  type Agent,
  type Bidder,
  type CampaignStore,
  type CountNotice,
  countNotices,
  createBidder,
  exampleCampaigns,
  type Feed,
  keepSeen,
  NoticeDesk,
  openSharedCampaigns,
  recordedCampaigns,
  type ServicePart,
  warnOfPlainNotices,
} from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import { patiently, SharedTally, type StoreSettings } from '../shield/index.ts'
import { secretInFolder } from '../storage/index.ts'
import { LocalOwnerMessages } from '../workers/index.ts'
import { recallLearned } from './keep-learned.ts'
import { checkNoticeSecret } from './notice-secret.ts'
import type { OpenBudgets } from './open-budgets.ts'
import type { OpenParts } from './open-parts.ts'
import type { Stores } from './open-stores.ts'

interface Parts extends Pick<OpenBudgets, 'configured'>, Pick<Stores, 'store' | 'recovered'> {
  readonly agent: Agent
  readonly feed: Feed
}

export interface OpenExchange {
  readonly bidder: Bidder
  readonly campaignStore: CampaignStore
  readonly desk: NoticeDesk
  readonly count: CountNotice
  readonly seen: ReturnType<typeof keepSeen>
  /** Notices for bids of workers, on their way to the process that made the bid. */
  readonly ownerMessages: LocalOwnerMessages
  readonly noticeSecret: string
  /** The parts that can fail, for `/readyz`. */
  readonly parts: readonly ServicePart[]
}

/** Builds the parts that answer exchanges and their notices, and restores campaigns and notices of earlier starts. */
export async function openExchange(config: Config, parts: Parts, opened: OpenParts): Promise<OpenExchange> {
  const { agent, feed, store, recovered, configured } = parts
  const { clock, log, metrics, budget, records } = agent
  const noticeSecret = config.bidder.noticeSecret ?? ownNoticeSecret(config.store)
  const readiness: ServicePart[] = []
  if (config.records.is === 'disk' && signsBeyondRestart(config)) {
    const { directory } = config.records
    const check = await checkNoticeSecret({ directory, secret: noticeSecret, clock, log })
    opened.add(check.stop)
    readiness.push(check.part)
  }
  const seen = keepSeen(clock, records, recovered, config.tables.seen_bids)
  const ownWorkers = new LocalOwnerMessages()
  const ownerMessages = store.ownerMessages ?? (config.workers > 0 ? ownWorkers : undefined)
  const isShared = ownerMessages !== undefined
  const falseLosses = new SharedTally({ clock, store, owner: budget.owner, isShared })
  opened.add(() => falseLosses.close())
  const onCampaign = config.isLocalTrial ? undefined : warnOfPlainNotices(log, config.publicUrl)
  const shares = { ownerMessages, falseLosses, onCampaign }
  const bidder = createBidder(agent, { ...config.bidder, noticeSecret }, seen, shares)
  if (config.mode === 'mock' && bidder.seats.has('example')) {
    for (const [id, spec] of exampleCampaigns()) bidder.applyUpdate({ put: 'campaign', id, spec })
  }
  recallLearned(recovered, bidder, log)
  const campaignStore =
    config.store.is === 'redis'
      ? await openSharedCampaigns(
          config.store.url,
          bidder,
          { records, recovered },
          { clock, log, name: nanoid() },
        )
      : recordedCampaigns(bidder, records, recovered, log)
  opened.add(() => campaignStore.close())
  await campaignStore.restore((update) => bidder.applyUpdate(update))
  const onAway = (detail: string) => log.warn({ detail }, 'waiting for the budget store')
  // A slow store, as on a busy machine, takes only some of thousands of definitions each time.
  await patiently(() => budget.settled(), { clock, onAway })
  // The spend of these budgets is shown from the start; that of thousands of campaigns is read when it is asked for.
  await budget.refresh(configured)
  const counted = countNotices(metrics, bidder.statsOf)
  const count: CountNotice = (notice) => {
    counted(notice)
    if (!feed.isOn || notice.is !== 'heard') return
    feed.push({ event: 'notice', org: bidder.seats.get(notice.seat)?.org, atMs: clock.nowMs(), notice })
  }
  const desk = new NoticeDesk(agent, bidder, count, config.tables.waiting_notices)
  opened.add(() => desk.close())
  return {
    bidder,
    campaignStore,
    desk,
    count,
    seen,
    ownerMessages: ownWorkers,
    noticeSecret,
    parts: readiness,
  }
}

/**
 * The secret that signs notice addresses, so that they are valid after a restart. Several processes get theirs from the
 * configuration.
 */
function ownNoticeSecret(store: StoreSettings): string {
  const make = () => randomBytes(32).toString('hex')
  return store.is === 'sqlite' ? secretInFolder(store.directory, 'notices.key', make) : make()
}

/** Whether the next start must accept the notice addresses of this one. */
const signsBeyondRestart = ({ store, bidder }: Config): boolean =>
  store.is === 'sqlite' || bidder.noticeSecret !== undefined
