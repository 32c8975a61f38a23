import type { HttpRequest, HttpResponse } from '../../http.ts'
import type { Answer } from '../../platforms/index.ts'
import type { Caveats } from './caveats.ts'
import type { Mail } from './mail.ts'

/** The account systems that Bidwarden reads, as they are named in the API. */
export const CONNECTOR_TYPES = [
  'DV360',
  'TTD',
  'META',
  'GOOGLE_ADS',
  'AMAZON_DSP',
  'SHEETS',
  'GA4',
  'RESEND',
] as const
export type ConnectorType = (typeof CONNECTOR_TYPES)[number]

/** A value that a row can hold; micros and other 64-bit integers as text where a double cannot hold them. */
export type Cell = string | number | boolean | null
/** One record of a report, keyed by our own field names; fields we do not know keep the platform's name. */
export type Row = Readonly<Record<string, Cell>>
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** How a downloaded report becomes records: text keyed by column for CSV, parsed values for JSON. */
export type Encoding = 'csv' | 'json_lines' | 'json_array'

/**
 * One thing a read conversation asks of what runs it.
 *
 * - `ask`: one HTTP request; the conversation is handed the classed answer. `bucket` names the limit it counts against.
 *   With `writes` an answer that never comes is an unknown outcome; with `mayRefuse` a refusal is handed over as well;
 *   with `once` the request is not repeated: where no certain answer comes, undefined is handed over, and the conversation
 *   looks for what became of it.
 * - `download`: one HTTP request whose answer is streamed: records are turned into rows one by one, never all in memory.
 * - `rows`: rows that belong to the result.
 * - `remember`: stored durably before the conversation goes on; a conversation that is started again gets the last one.
 * - `wait`: go on no earlier than `ms` from now (polling); the account's turn is given up meanwhile.
 * - `progress`: 0..1, shown to whoever waits.
 */
export type ReadStep =
  | {
      readonly is: 'ask'
      readonly request: HttpRequest
      readonly bucket: string
      readonly writes?: boolean
      readonly mayRefuse?: boolean
      readonly once?: boolean
    }
  | {
      readonly is: 'download'
      readonly request: HttpRequest
      readonly bucket: string
      readonly encoding: Encoding
      /** `if_packed`: the file itself says whether it is. */
      readonly gzip: boolean | 'if_packed'
      /** The answer is an archive of such files. */
      readonly archive?: 'zip'
      /** What stands after the first empty line is about the report and not of it. */
      readonly endsAt?: 'blank_line'
      /** Where an answer that sends on to this address is followed to; undefined, or nothing said here, refuses it. */
      readonly redirect?: (url: string) => HttpRequest | undefined
      /** Lines that begin so are about a report in CSV and no records of it; other lines must have a cell for every column. */
      readonly isNote?: RegExp
      /** What is wrong with a file in CSV that has these columns; undefined where it is what was ordered. */
      readonly problemOf?: (columns: readonly string[]) => string | undefined
      /**
       * Fields that add up over rows. Records with the same key are then one row with their sums: the file is finer than
       * the report. Without them, the last of such records counts.
       */
      readonly sums?: readonly string[]
      /** Undefined leaves a record out (a totals line); one that it throws for is left out with a caveat. `file` is the one of an archive that the record is in. */
      readonly toRow: (record: Readonly<Record<string, unknown>>, file: string) => Row | undefined
    }
  | { readonly is: 'rows'; readonly rows: readonly Row[] }
  | { readonly is: 'remember'; readonly state: Json }
  | { readonly is: 'wait'; readonly ms: number }
  | { readonly is: 'progress'; readonly share: number }

/** What a step is answered with; undefined for every step but `ask`, and for an `ask` sent `once` that got no answer. */
export type ReadReply = Extract<Answer, { is: 'ok' | 'refused' }> | undefined

/** A pure conversation. Answers it cannot go on with (throttled, auth, transient) never reach it: the runner acts on them. */
export type ReadTalk<T> = Generator<ReadStep, T, ReadReply>

/** Thrown by a conversation that cannot do what was asked; says why, and what would help, to a person. */
export class TalkRefused extends Error {
  override readonly name = 'TalkRefused'
}

/** Asks once and hands the body of an `ok` answer on. */
export function* ask(request: HttpRequest, bucket: string): Generator<ReadStep, unknown, ReadReply> {
  const reply = yield { is: 'ask', request, bucket }
  return reply?.is === 'ok' ? reply.body : undefined
}

/** An account that a grant reaches. */
export interface PlatformAccount {
  readonly id: string
  readonly name: string
  /** ISO 4217 and IANA, where the platform says so. */
  readonly currency: string | undefined
  readonly timezone: string | undefined
}

/** What of an account is read, and by which parent. */
export interface AccountRef {
  readonly accountId: string
  readonly currency: string | undefined
  readonly timezone: string | undefined
  /** Settings of the connection: manager account, region, sheet range, key column … */
  readonly settings: Readonly<Record<string, Json>>
}

/** Local dates of the account, both inclusive: `2026-11-01`. */
export interface DateRange {
  readonly start: string
  readonly end: string
}

/** What earlier conversations left. */
export interface Since {
  /** What the last conversation for this request remembered. */
  readonly resume: Json | undefined
  /** Where the last read of this report ended, for reports with a cursor. */
  readonly cursor: Json | undefined
  /** Gathers what is wrong with the rows that are read; part of the result. */
  readonly caveats: Caveats
}

export interface ReportQuery extends Since {
  readonly account: AccountRef
  readonly reportType: string
  readonly range: DateRange | undefined
  readonly fields: readonly string[]
}

/** What is said of a result beside its rows. */
export interface ReportResult {
  /** The cursor to store once the rows are durable. */
  readonly cursor: Json | undefined
  /** Data up to this date will not change any more; undefined where the platform never says. */
  readonly finalThrough: string | undefined
  /** What is wrong with the whole of it, in words, beside what {@link Since.caveats} gathered. */
  readonly caveats: readonly string[]
}

/** What a report has, and how far it reaches. */
export interface ReportSpec {
  /** Fields that may be asked for; the first are the default. */
  readonly fields: readonly string[]
  /** Fields that name a row: rows with the same values replace each other. */
  readonly key: readonly string[]
  /** Whether the report is over dates. */
  readonly dated: boolean
  /** Days before today that are read again because late conversions change them. */
  readonly lookbackDays: number
  /** How many months back the platform keeps it, and how many days one request may span. */
  readonly historyMonths: number | undefined
  readonly maxDays: number | undefined
}

/** Where a platform reports what it spent, and how far its own rules let that differ from what was set. */
export interface SpendReport {
  readonly reportType: string
  /** The field that has the platform's id of the campaign. */
  readonly campaignField: string
  /** Spend of a row, in micros of the account's currency. */
  micros(row: Row): number
  /** After so many days a day's spend is not corrected any more. */
  readonly settledAfterDays: number
  /** A day may cost so many times what was set for it; 1 where the platform allows nothing beyond. */
  readonly overDelivery: number
}

/** A campaign as far as all platforms know it. Money in micros of the account's currency. */
export interface CampaignChange {
  readonly name?: string
  readonly dailyBudgetMicros?: number
  /** Of a new campaign: its first day, a local date of the account. Needed where the platform wants one. */
  readonly startDate?: string
}

/** What became of records that were handed over to be stored at the platform. */
export interface Upserted {
  readonly added: number
  readonly updated: number
  readonly unchanged: number
}

/** Limit of changes and of the questions that come before them, so that reading never keeps a campaign from being paused. */
export const WRITES = 'writes'
export type Feature = 'campaigns' | 'reports' | 'sdf' | 'webhooks' | 'write_campaigns' | 'append' | 'send'

/** A limit on calls: what the platform, or we ourselves, allow per window. */
export interface CallLimit {
  readonly bucket: string
  readonly calls: number
  readonly windowMs: number
}

export type Auth =
  | {
      readonly is: 'oauth2'
      readonly authorizeUrl: string
      readonly tokenUrl: string
      /** Undefined where a grant cannot be revoked by a call. */
      readonly revokeUrl: string | undefined
      /** How a grant is revoked where the platform does not follow RFC 7009; authorized with the grant itself. */
      readonly revokeRequest?: HttpRequest
      /** Classes an error of the token endpoint where the platform does not say it as RFC 6749 does. */
      readonly readError?: (response: HttpResponse, nowMs: number) => Answer
      readonly scopes: readonly string[]
      readonly scopeSeparator: ' ' | ','
      readonly pkce: boolean
      /** More query parameters of the authorization page. */
      readonly extra: Readonly<Record<string, string>>
      /** `exchange`: no refresh token; the access token itself is exchanged for a longer one (Meta). */
      readonly refresh: 'refresh_token' | 'exchange'
    }
  | { readonly is: 'api_key' }

/**
 * The read side of one platform. Pure: no clock, no I/O, no logging; all requests are relative to `baseUrls`, so that a
 * test or the sandbox can stand in. Authentication, deadlines, limits, retries and storage happen around it.
 */
export interface ReadConnector {
  readonly type: ConnectorType
  readonly auth: Auth
  /** Where the hosts of the authorization depend on the settings of a connection, such as its region. */
  authFor?(settings: AccountRef['settings']): Auth
  readonly features: readonly Feature[]
  readonly limits: readonly CallLimit[]
  readonly reports: Readonly<Record<string, ReportSpec>>
  /** Hosts by name, with the public ones as default. */
  readonly baseUrls: Readonly<Record<string, string>>
  /** How many requests of one account may be under way at once. */
  readonly concurrencyPerAccount: number
  /** Absent where the platform spends nothing, or does not say what. */
  readonly spend?: SpendReport

  /** Adds the platform's authentication to a request. */
  authorize(request: HttpRequest, accessToken: string): HttpRequest
  /** Classes an answer by the platform's error table. `detail` never carries credentials. */
  read(response: HttpResponse, nowMs: number): Answer
  /** Share of the platform's own quota that its headers or body say is used (0..1), per bucket; undefined without a word. */
  usedShare(response: HttpResponse): { readonly bucket: string; readonly share: number } | undefined

  /** Proves that the credentials work, changing nothing. Lost access is never an empty list. @param settings of the connection */
  accounts(settings: AccountRef['settings']): ReadTalk<readonly PlatformAccount[]>
  /**
   * Yields `rows` of campaigns and of what is below them, as far as the platform has it. With a cursor in the result, the
   * next reading is handed it and yields only what has changed since.
   */
  campaigns(account: AccountRef, since: Since): ReadTalk<ReportResult>
  report(query: ReportQuery): ReadTalk<ReportResult>

  /** Changes of the platform's side, each one request deep enough to know what it did. Undefined where it cannot. */
  readonly write:
    | {
        create(
          account: AccountRef,
          campaign: CampaignChange & { readonly name: string },
        ): ReadTalk<{ readonly id: string }>
        update(account: AccountRef, id: string, change: CampaignChange): ReadTalk<{ readonly id: string }>
        setStatus(
          account: AccountRef,
          id: string,
          status: 'active' | 'paused',
        ): ReadTalk<{ readonly id: string }>
        /** What a campaign may spend a day now, in micros; undefined where it has no daily budget of its own. */
        dailyBudget(account: AccountRef, id: string): ReadTalk<number | undefined>
      }
    | undefined

  /**
   * Adds records to the account's table or replaces those with the same key. Safe to repeat: what is there already is
   * left alone. Absent where the platform takes none.
   */
  upsert?(account: AccountRef, records: readonly Row[]): ReadTalk<Upserted>

  /** Absent where nothing can be sent. */
  readonly mail?: {
    /** Sends all or none, in one request. Safe to repeat with the same key for a day. Returns the ids of the e-mails. */
    send(mails: readonly Mail[], key: string): ReadTalk<readonly string[]>
    /** What became of an e-mail. */
    status(id: string): ReadTalk<Row>
  }
}

/** How we are known to a platform's authorization server. */
export interface OauthClient {
  readonly clientId: string
  readonly clientSecret: string
}

/**
 * Builds a connector that talks to these hosts; the defaults where nothing is said. Some APIs want to be told the id of our
 * OAuth client with every request, or a proof that we know its secret.
 */
export type CreateReadConnector = (
  baseUrls?: Readonly<Record<string, string>>,
  client?: OauthClient,
) => ReadConnector
