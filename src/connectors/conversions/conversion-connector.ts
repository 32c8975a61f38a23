import type { z } from 'zod'
import type { HttpRequest, HttpResponse } from '../../http/http.ts'

/** Platforms that take conversion events. WhatsApp takes messages instead; see `connectors/whatsapp`. */
export type ConversionPlatform = 'meta' | 'google' | 'tiktok' | 'snapchat'

/** The person of an event as the caller sent it, in plain text or hashed already. Never stored in this form. */
export interface UserData {
  readonly email?: string | undefined
  readonly phone?: string | undefined
  readonly first_name?: string | undefined
  readonly last_name?: string | undefined
  readonly city?: string | undefined
  readonly state?: string | undefined
  readonly zip?: string | undefined
  readonly country?: string | undefined
  readonly external_id?: string | undefined
  readonly client_ip_address?: string | undefined
  readonly client_user_agent?: string | undefined
  readonly fbc?: string | undefined
  readonly fbp?: string | undefined
  readonly gclid?: string | undefined
  readonly gbraid?: string | undefined
  readonly wbraid?: string | undefined
  readonly ttclid?: string | undefined
  readonly ttp?: string | undefined
  readonly sc_click_id?: string | undefined
  readonly sc_cookie1?: string | undefined
}

export interface CustomData {
  /** In units of the currency, as the caller sent it. */
  readonly value?: number | undefined
  /** ISO 4217 code. */
  readonly currency?: string | undefined
  readonly order_id?: string | undefined
  readonly contents?: readonly ContentItem[] | undefined
  readonly search_string?: string | undefined
  /** In units of the currency. */
  readonly predicted_ltv?: number | undefined
}

export interface ContentItem {
  readonly id: string
  readonly quantity?: number | undefined
  /** In units of the currency. */
  readonly item_price?: number | undefined
}

/** Number of the parts of `extinfo`. */
export const EXTINFO_PARTS = 16

/** The device of an app event, by the names that Meta and Snapchat share. */
export interface AppData {
  /** The person's choice about tracking in the device's settings. */
  readonly advertiser_tracking_enabled: boolean
  /** The person's choice about tracking in the app. */
  readonly application_tracking_enabled: boolean
  /**
   * Sixteen texts: `i2` or `a2`, package, short and long app version, OS version, model, and so on; unknown ones are
   * empty.
   */
  readonly extinfo: readonly string[]
}

export type ConsentChoice = 'granted' | 'denied'

export interface Consent {
  readonly ad_user_data?: ConsentChoice | undefined
  readonly ad_personalization?: ConsentChoice | undefined
}

/** The JSON object about a person that one platform gets: normalised and hashed by the platform's rules. */
export type Identifiers = Readonly<Record<string, unknown>>

/** A part of the personal data that is not sent, and why. */
export interface LeftOut {
  /** Name of the caller's member, for example `user_data.phone`. */
  readonly field: string
  readonly reason: string
}

/** One event as it is delivered to one platform. */
export interface Conversion {
  readonly eventId: string
  /** The caller's name of the event, for example `purchase`. */
  readonly eventName: string
  /**
   * The platform's name of the event, by the mapping in force. For Google it is the id of a conversion action, or
   * undefined for the connection's own.
   */
  readonly platformEvent: string | undefined
  /**
   * Whether another event with the same name at the platform has the plain event id, so that this one needs another id.
   */
  readonly isNameShared: boolean
  /** Parameters of the mapping, which are added to the platform's custom data. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>
  /** Unix time in milliseconds. */
  readonly eventTimeMs: number
  readonly actionSource: string
  readonly eventSourceUrl: string | undefined
  readonly customData: CustomData
  readonly consent: Consent | undefined
  /** Empty if consent to the use of personal data was denied. */
  readonly identifiers: Identifiers
  /** Undefined if the event has none, or consent was denied. */
  readonly appData: AppData | undefined
}

/** Why the platform would refuse an event, found before it is sent. */
export interface ConversionFault {
  /** Name of the caller's member, for example `custom_data.currency`. */
  readonly field: string
  readonly reason: string
}

/** What a platform answered about one event of a batch. */
export type EventVerdict =
  /** The platform has taken it now, or had it already. */
  | { readonly is: 'acknowledged'; readonly note?: string }
  /** The platform will never take it in this form. */
  | { readonly is: 'rejected'; readonly code: string; readonly detail: string }
  /** It may be taken later, with the same ids. */
  | { readonly is: 'later'; readonly code: string; readonly detail: string; readonly retryAfterMs?: number }
  /** It may be taken without the named identifier, which is malformed. */
  | { readonly is: 'without'; readonly member: string; readonly code: string; readonly detail: string }

/** What a platform answered to a call. */
export type BatchAnswer =
  /** A verdict on each event, in the order of the call. */
  | {
      readonly is: 'taken'
      readonly verdicts: readonly EventVerdict[]
      readonly requestId: string | undefined
    }
  /**
   * The call was refused because of its events. `verdicts`: verdicts by index; empty if the platform names no event.
   * `processedNothing`: whether it is certain that the platform took none of the events.
   */
  | {
      readonly is: 'batch_refused'
      readonly verdicts: ReadonlyMap<number, EventVerdict>
      readonly processedNothing: boolean
      readonly code: string
      readonly detail: string
      readonly requestId: string | undefined
    }
  /** Too many calls. `untilReset`: a daily quota is used up. */
  | {
      readonly is: 'throttled'
      readonly detail: string
      readonly retryAfterMs: number | undefined
      readonly untilReset?: boolean
    }
  /** The access token has expired; a fresh one may work. */
  | { readonly is: 'auth_expired'; readonly detail: string }
  /** The credentials no longer work: the connection stops until somebody changes them. */
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** The account may not do this (no permission, unknown pixel): the connection stops as well. */
  | { readonly is: 'account_refused'; readonly code: string; readonly detail: string }
  /** The platform failed; it may or may not have taken the events. */
  | { readonly is: 'transient'; readonly detail: string }

/** The limits of a platform. Where the platform publishes none, a comment names the source of the figure. */
export interface ConversionLimits {
  readonly maxEventsPerCall: number
  /** The first size of a batch. */
  readonly startEventsPerCall: number
  readonly eventsPerMinute: number
  /** The longest body of one call, in bytes. */
  readonly maxBodyBytes: number
  /** How far in the future an event may lie, in milliseconds. */
  readonly maxFutureMs: number
  /**
   * How long the platform recognises an event that it has seen, in milliseconds. After that it would count it twice.
   */
  readonly deduplicationMs: number
}

/** The address of a platform's API, and its version. */
export interface ConversionTarget {
  /** Base address without a slash at the end. */
  readonly baseUrl: string
  /** For example `v26.0`. */
  readonly version: string
}

/** An OAuth refresh token, with the client that it was issued to. */
export interface RefreshGrant {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/** How conversions are sent to one platform. It is pure: no clock, no I/O, no logging. @template C its credentials */
export interface ConversionConnector<C> {
  readonly platform: ConversionPlatform
  /** Schema of the credentials, by the member names of the platform's documentation; unknown members are refused. */
  readonly credentials: z.ZodType<C>
  /** The APIs that it can call, at the platform's own addresses. */
  readonly apis: Readonly<Record<string, ConversionTarget>>
  /** The name of the API that a connection with these credentials calls. */
  apiOf(credentials: C): string
  /** The account whose rate limit these calls count in, if bids may be placed on it too; undefined otherwise. */
  accountOfBids(credentials: C): { readonly platform: 'google_ads'; readonly accountId: string } | undefined
  /** The refresh token for access tokens; undefined if the credentials contain a permanent access token. */
  refresh(credentials: C): RefreshGrant | undefined
  readonly limits: ConversionLimits
  /** The platform's names of standard events, by the caller's names. */
  readonly events: Readonly<Record<string, string>>
  /** The currencies that the platform takes; undefined if it takes all ISO 4217 codes. */
  readonly currencies: ReadonlySet<string> | undefined
  /** The greatest age of an event that the platform takes, in milliseconds. */
  maxAgeMs(actionSource: string): number
  /**
   * Normalises and hashes by the platform's rules. Values that are SHA-256 already are recognised; values that are
   * empty after normalising are left out.
   * @param defaultRegion ISO 3166 code for phone numbers without a country code
   */
  identifiers(user: UserData, defaultRegion: string | undefined): Identifiers
  /** Personal data that this platform does not get, although it is certain and others may get it. */
  leftOut(user: UserData, defaultRegion: string | undefined): readonly LeftOut[]
  /**
   * Why the platform would refuse the event, except for its age.
   * @param credentials of the connection; undefined if no key decrypts them now: what depends on them is then checked
   * later
   */
  faultOf(conversion: Conversion, credentials: C | undefined): ConversionFault | undefined
  /** Why the platform has no event of this name; undefined if it may have one. */
  nameFaultOf(platformEvent: string): string | undefined
  /** Only events with the same key may be in one call. */
  groupOf(conversion: Conversion): string
  /** How well the platform can find the person, 0 to 10: an estimate from the identifiers that are present. */
  matchQuality(conversion: Conversion): number
  /**
   * The request that sends a batch.
   * @param accessToken for platforms with OAuth; undefined if the token is one of the credentials
   */
  send(
    target: ConversionTarget,
    credentials: C,
    batch: readonly Conversion[],
    accessToken: string | undefined,
  ): HttpRequest
  /** Reads the answer to {@link send}. */
  read(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer
  /** A request that tests the credentials without sending anything that counts. */
  test(target: ConversionTarget, credentials: C, accessToken: string | undefined): HttpRequest
  readTest(
    response: HttpResponse,
  ): { readonly is: 'works'; readonly detail: string } | { readonly is: 'fails'; readonly detail: string }
  /** How to ask later for the result of an accepted call; undefined if the answer is final. */
  readonly later:
    | {
        status(target: ConversionTarget, requestId: string, accessToken: string | undefined): HttpRequest
        readStatus(response: HttpResponse): AcceptedCallStatus
      }
    | undefined
}

/**
 * The result of a call that was accepted before it was processed. It has only counts: the platform does not name
 * events.
 */
export type AcceptedCallStatus =
  | { readonly is: 'processing' }
  | {
      readonly is: 'done'
      readonly taken: number
      readonly failed: readonly { readonly reason: string; readonly count: number }[]
    }
  | { readonly is: 'unavailable'; readonly detail: string }
