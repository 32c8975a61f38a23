import type { HttpRequest, HttpResponse } from '../../http/http.ts'
import type { RateLimit } from '../../shield/index.ts'
import type { Answer, Protocol } from './answer.ts'
import type { Caveats } from './caveats.ts'
import type { ConnectorType } from './ids.ts'
import type { Mail, Template } from './mail.ts'
import type { Json, Row } from './rows.ts'
import type { Talk } from './steps.ts'

/** An account that a grant reaches. */
export interface PlatformAccount {
  readonly id: string
  readonly name: string
  /** ISO 4217 code and IANA zone, where the platform gives them. */
  readonly currency: string | undefined
  readonly timezone: string | undefined
}

/** The account of a connection, and what is known about it. */
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
  /** Where the last reading of this report ended, for reports with a cursor. */
  readonly cursor: Json | undefined
  /** Collects what is wrong with the rows; part of the result. */
  readonly caveats: Caveats
}

export interface ReportQuery extends Since {
  readonly account: AccountRef
  readonly reportType: string
  readonly range: DateRange | undefined
  readonly fields: readonly string[]
}

/** The result of a reading besides its rows. */
export interface ReportResult {
  /** Cursor to store once the rows are durable. */
  readonly cursor: Json | undefined
  /** Data up to this date will not change any more; undefined where the platform never says. */
  readonly finalThrough: string | undefined
  /** Caveats about the whole result, in words, besides those in {@link Since.caveats}. */
  readonly caveats: readonly string[]
}

/** Fields and limits of a report. */
export interface ReportSpec {
  /** Fields that may be requested; the first are the default. */
  readonly fields: readonly string[]
  /** Fields that identify a row: a row replaces an earlier one with the same values. */
  readonly key: readonly string[]
  /** Whether rows have dates. */
  readonly dated: boolean
  /** Days before today that are read again, because late conversions change them. */
  readonly lookbackDays: number
  /** Months for which the platform keeps the report, and most days of one request. */
  readonly historyMonths: number | undefined
  readonly maxDays: number | undefined
}

/** The report with a platform's spend, and how far the platform may exceed a budget. */
export interface SpendReport {
  readonly reportType: string
  /** Field with the platform's id of the campaign. */
  readonly campaignField: string
  /** Spend of a row, in micros of the account's currency; null where the row has none. */
  micros(row: Row): number | null
  /** Days after which a day's spend is final. */
  readonly settledAfterDays: number
  /** How many times its daily budget a day may cost; 1 where the platform never exceeds it. */
  readonly overDelivery: number
}

/** The fields of a campaign that all platforms have. Money is in micros of the account's currency. */
export interface CampaignChange {
  readonly name?: string
  readonly dailyBudgetMicros?: number
  /** First day of a new campaign, a local date of the account; for platforms that require one. */
  readonly startDate?: string
}

/** Result of storing records at the platform. */
export interface Upserted {
  readonly added: number
  readonly updated: number
  readonly unchanged: number
}

export type Feature =
  | 'campaigns'
  | 'reports'
  | 'sdf'
  | 'webhooks'
  | 'write_campaigns'
  | 'append'
  | 'send'
  | 'templates'

/** A limit on calls: the platform's or our own, per window. */
export interface CallLimit extends RateLimit {
  readonly bucket: string
}

export type Auth =
  | {
      readonly is: 'oauth2'
      readonly authorizeUrl: string
      readonly tokenUrl: string
      /** Undefined where a grant cannot be revoked by a call. */
      readonly revokeUrl: string | undefined
      /** Request that revokes a grant where the platform does not follow RFC 7009; authorized with the grant itself. */
      readonly revokeRequest?: HttpRequest
      /** Classes an error of the token endpoint where the platform does not follow RFC 6749. */
      readonly readError?: (response: HttpResponse, nowMs: number) => Answer
      readonly scopes: readonly string[]
      readonly scopeSeparator: ' ' | ','
      readonly pkce: boolean
      /** Additional query parameters of the authorization page. */
      readonly extra: Readonly<Record<string, string>>
      /** `exchange`: there is no refresh token; the access token is exchanged for one that is valid longer (Meta). */
      readonly refresh: 'refresh_token' | 'exchange'
    }
  | { readonly is: 'api_key' }

/**
 * Reads and changes one platform. It is pure: no clock, no I/O, no logging. All requests are relative to `baseUrls`, so
 * that tests and the sandbox can replace the platform. Authentication, deadlines, limits, retries and storage are done
 * by its runner.
 */
export interface Connector extends Protocol {
  readonly type: ConnectorType
  readonly auth: Auth
  /** Authorization by the settings of a connection, where its hosts depend on them (region). */
  authFor?(settings: AccountRef['settings']): Auth
  readonly features: readonly Feature[]
  readonly limits: readonly CallLimit[]
  readonly reports: Readonly<Record<string, ReportSpec>>
  /** Hosts by name; the public ones by default. */
  readonly baseUrls: Readonly<Record<string, string>>
  /**
   * Other hosts from which finished files may be fetched. Answers name the addresses; files elsewhere are refused.
   * `.example.com` means every host below it.
   */
  readonly fileHosts?: readonly string[]
  /**
   * Milliseconds that the platform usually takes to make a report, assumed until one was read; 0 for a report that is
   * answered at once. Absent where all are.
   */
  makingMs?(reportType: string, range: DateRange | undefined): number
  /** Most requests of one account at the same time. */
  readonly concurrencyPerAccount: number
  /** Absent where the platform spends nothing or does not report spend. */
  readonly spend?: SpendReport

  /**
   * Tests the credentials without changing anything and returns the accounts. Lost access is an error, never an empty
   * list; a platform that lists nothing throws {@link NothingReached}.
   * @param settings settings of the connection
   */
  accounts(settings: AccountRef['settings']): Talk<readonly PlatformAccount[]>
  /**
   * Yields `rows` of campaigns and the levels below. If the result has a cursor, the next reading gets it and yields
   * only changes since then.
   */
  campaigns(account: AccountRef, since: Since): Talk<ReportResult>
  report(query: ReportQuery): Talk<ReportResult>

  /**
   * Changes at the platform; after each, the connector knows what the platform did. Undefined where the platform cannot
   * be changed.
   */
  readonly write:
    | {
        create(
          account: AccountRef,
          campaign: CampaignChange & { readonly name: string },
        ): Talk<{ readonly id: string }>
        update(account: AccountRef, id: string, change: CampaignChange): Talk<{ readonly id: string }>
        setStatus(account: AccountRef, id: string, status: 'active' | 'paused'): Talk<{ readonly id: string }>
        /** Present daily budget of a campaign, in micros; undefined where it has none of its own. */
        dailyBudget(account: AccountRef, id: string): Talk<number | undefined>
      }
    | undefined

  /**
   * Adds records to the account's table, or replaces those with the same key. Safe to repeat: unchanged records are
   * left alone. Absent where the platform stores no records.
   */
  upsert?(account: AccountRef, records: readonly Row[]): Talk<Upserted>

  /** Absent where the platform sends no e-mail. */
  readonly mail?: {
    /**
     * Sends all e-mails or none, in one request, and returns their ids. Repeating with the same key within a day sends
     * nothing twice.
     */
    send(mails: readonly Mail[], key: string): Talk<readonly string[]>
    /** What became of an e-mail. */
    status(id: string): Talk<Row>
    /** Each function returns the template's id; an id or alias names a template. */
    readonly templates: {
      create(template: Template): Talk<string>
      update(id: string, change: Template): Talk<string>
      publish(id: string): Talk<string>
      remove(id: string): Talk<string>
    }
  }
}

/** Our registration with a platform's authorization server. */
export interface OauthClient {
  readonly clientId: string
  readonly clientSecret: string
}

/**
 * Creates a connector for these hosts, the public ones by default. Some APIs need the id of our OAuth client with each
 * request, or a proof that we know its secret.
 */
export type CreateConnector = (baseUrls?: Readonly<Record<string, string>>, client?: OauthClient) => Connector
