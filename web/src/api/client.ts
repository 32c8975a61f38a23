import { type components, createBidwardenClient } from '@bidwarden/client'

/** The service that has sent this page. */
export const api = createBidwardenClient({ baseUrl: '' })

type Schemas = components['schemas']
export type Budget = Schemas['Budget']
export type Limit = Budget['limits'][number]
export type LimitInput = Schemas['Limit']
export type BidRecord = Schemas['BidRecord']
export type BidRequest = Schemas['BidRequest']
export type AuditEntry = Schemas['AuditEntry']
export type Platform = Schemas['Platform']
export type KillSwitch = Schemas['KillSwitch']
export type Alert = Schemas['Alert']
export type SpendOverTime = Schemas['SpendOverTime']
export type Approval = Schemas['Approval']

/** Whether the answer to a change says that it waits for another key; nothing is changed then. */
export const isPending = (answer: object): answer is Approval => 'approvalId' in answer
