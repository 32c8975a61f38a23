import type { Reason } from '../../api/reconciliation.ts'

interface Meaning {
  readonly name: string
  /** What has happened, and what to do about it. */
  readonly means: string
  readonly tone: 'ok' | 'warn' | 'danger' | ''
}

/** Why the two figures of a campaign on a day differ, those that want a person first. */
export const REASONS: Readonly<Record<Reason, Meaning>> = {
  unknown: {
    name: 'not explained',
    means: 'Nothing known here explains it. Compare the campaign with what the platform shows.',
    tone: 'danger',
  },
  changed_outside: {
    name: 'changed elsewhere',
    means:
      'It spent on a day without a bid: an earlier bid is still in force, or somebody has changed the campaign at the platform.',
    tone: 'danger',
  },
  over_delivery: {
    name: 'over-delivered',
    means: 'The platform spent more than was bid, within its own rule for exceeding a day.',
    tone: 'warn',
  },
  under_delivery: {
    name: 'under-delivered',
    means: 'The platform spent less than was counted here. The difference was kept from other bids.',
    tone: 'warn',
  },
  within_budget: {
    name: 'within its budget',
    means: 'More than was bid, within the daily budget that was set from here.',
    tone: 'ok',
  },
  late_data: {
    name: 'may still change',
    means: 'The day was not read since the platform’s figures became final. Read the account again later.',
    tone: '',
  },
  not_reported: {
    name: 'not reported',
    means: 'The day was read, and the platform has no figure for the campaign.',
    tone: '',
  },
  not_ours: {
    name: 'of others',
    means: 'On none of these days was it bid on or given a budget from here.',
    tone: '',
  },
  none: { name: 'agree', means: 'Both sides say the same, apart from rounding.', tone: 'ok' },
}

export const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text)
