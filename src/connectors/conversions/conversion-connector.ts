import type { z } from 'zod'
import type { HttpRequest, HttpResponse } from '../../http/http.ts'

/** Platforms that take conversion events. WhatsApp takes messages instead: see its own room. */
export type ConversionPlatform = 'meta' | 'google' | 'tiktok' | 'snapchat'

/** Who did it, as the caller sent it: plain or already hashed. Never stored in this form. */
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

/** Parts of `extinfo`. */
export const EXTINFO_PARTS = 16

/** The device of an event of an app, with the names that Meta and Snapchat share. */
export interface AppData {
  /** What the person has told the device. */
  readonly advertiser_tracking_enabled: boolean
  /** What the person has told the app. */
  readonly application_tracking_enabled: boolean
  /** Sixteen texts: `i2` or `a2`, package, short and long version, version of the system, model, and so on; unknown ones are empty. */
  readonly extinfo: readonly string[]
}

export type ConsentChoice = 'granted' | 'denied'

export interface Consent {
  readonly ad_user_data?: ConsentChoice | undefined
  readonly ad_personalization?: ConsentChoice | undefined
}

/** JSON object that one platform gets about a person: normalised and hashed by its own rules. */
export type Identifiers = Readonly<Record<string, unknown>>

/** What a caller said about a person and that is not sent. */
export interface LeftOut {
  /** Name of the caller's member, for example `user_data.phone`. */
  readonly field: string
  readonly reason: string
}

/** One event as it is delivered to one platform. */
export interface Conversion {
  readonly eventId: string
  /** The caller's name, for example `purchase`. */
  readonly eventName: string
  /** Name at the platform, by the mapping in force. For Google the id of a conversion action, or undefined for the connection's own. */
  readonly platformEvent: string | undefined
  /** Whether another event has the same name there, and the id for itself. */
  readonly isNameShared: boolean
  /** Further parameters of the mapping, which are added to the platform's custom data. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>
  /** Unix time in milliseconds. */
  readonly eventTimeMs: number
  readonly actionSource: string
  readonly eventSourceUrl: string | undefined
  readonly customData: CustomData
  readonly consent: Consent | undefined
  /** Empty where consent to use personal data was denied. */
  readonly identifiers: Identifiers
  /** Undefined where nothing was said of it, or consent was denied. */
  readonly appData: AppData | undefined
}

/** Why a platform would refuse an event, found before anything is sent. */
export interface ConversionFault {
  /** Name of the caller's member, for example `custom_data.currency`. */
  readonly field: string
  readonly reason: string
}

/** What a platform said about one event of a batch. */
export type EventVerdict =
  /** Taken, or already there. */
  | { readonly is: 'acknowledged'; readonly note?: string }
  /** Will never be taken as it is. */
  | { readonly is: 'rejected'; readonly code: string; readonly detail: string }
  /** May be taken later, sent with the same ids. */
  | { readonly is: 'later'; readonly code: string; readonly detail: string; readonly retryAfterMs?: number }
  /** May be taken if it is sent without the named member of its identifiers, which is malformed. */
  | { readonly is: 'without'; readonly member: string; readonly code: string; readonly detail: string }

/** What a platform said about a call. */
export type BatchAnswer =
  /** A verdict for each event, in the order of the call. */
  | {
      readonly is: 'taken'
      readonly verdicts: readonly EventVerdict[]
      readonly requestId: string | undefined
    }
  /**
   * The call was refused because of its events. `verdicts`: what was said of events by index; empty where the platform
   * names none. `processedNothing`: whether it is certain that no event of the call was taken.
   */
  | {
      readonly is: 'batch_refused'
      readonly verdicts: ReadonlyMap<number, EventVerdict>
      readonly processedNothing: boolean
      readonly code: string
      readonly detail: string
      readonly requestId: string | undefined
    }
  /** Too many calls; `untilReset`: a daily quota is used up. */
  | {
      readonly is: 'throttled'
      readonly detail: string
      readonly retryAfterMs: number | undefined
      readonly untilReset?: boolean
    }
  /** The access token has expired; a fresh one may work. */
  | { readonly is: 'auth_expired'; readonly detail: string }
  /** The credentials do not work any more: the connection stops until somebody changes them. */
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** The connection may not do this (permission, unknown pixel): it stops as well. */
  | { readonly is: 'account_refused'; readonly code: string; readonly detail: string }
  /** The platform failed; the events may or may not have been taken. */
  | { readonly is: 'transient'; readonly detail: string }

/** Limits of a platform. Where it has published none, the source of the figure is named beside it. */
export interface ConversionLimits {
  readonly maxEventsPerCall: number
  /** First size of a batch. */
  readonly startEventsPerCall: number
  readonly eventsPerMinute: number
  /** Longest body of one call, in bytes. */
  readonly maxBodyBytes: number
  /** How far ahead of now an event may be, in milliseconds. */
  readonly maxFutureMs: number
  /** For how long the platform recognises an event that it has seen, in milliseconds. Later it would count it twice. */
  readonly deduplicationMs: number
}

/** Where a platform's API is, and what else a call needs beside credentials. */
export interface ConversionTarget {
  /** Base address without a slash at the end. */
  readonly baseUrl: string
  /** For example `v26.0`. */
  readonly version: string
}

/** A refresh token of OAuth, with the client that it was given to. */
export interface RefreshGrant {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/**
 * How conversions are sent to one platform. It is pure: no clock, no I/O, no logging.
 * @template C its credentials
 */
export interface ConversionConnector<C> {
  readonly platform: ConversionPlatform
  /** Members as the platform's documents name them; unknown members are refused. */
  readonly credentials: z.ZodType<C>
  /** The APIs that it can call, at the platform's own addresses. */
  readonly apis: Readonly<Record<string, ConversionTarget>>
  /** Which of them a connection calls. */
  apiOf(credentials: C): string
  /** The account on which bids may be placed too, and whose limit counts these calls; undefined where none does. */
  accountOfBids(credentials: C): { readonly platform: 'google_ads'; readonly accountId: string } | undefined
  /** What an access token is asked for with; undefined where the credentials have a token that lasts. */
  refresh(credentials: C): RefreshGrant | undefined
  readonly limits: ConversionLimits
  /** Standard names of events: caller's name to the platform's. */
  readonly events: Readonly<Record<string, string>>
  /** Currencies that the platform takes; undefined where it takes every ISO 4217 code. */
  readonly currencies: ReadonlySet<string> | undefined
  /** Oldest age at which the platform takes the event, in milliseconds. */
  maxAgeMs(actionSource: string): number
  /**
   * Normalises and hashes by the platform's rules. Values that are already SHA-256 are recognised; what is empty after
   * normalising is left out.
   * @param defaultRegion ISO 3166 code for phone numbers without a country code
   */
  identifiers(user: UserData, defaultRegion: string | undefined): Identifiers
  /** What of a person this platform does not get although it is certain, and others may get: because of something else in the event. */
  leftOut(user: UserData, defaultRegion: string | undefined): readonly LeftOut[]
  /**
   * What the platform would refuse about the event, apart from its age.
   * @param credentials of the connection; undefined where no key opens them now, and what hangs on them is looked at later
   */
  faultOf(conversion: Conversion, credentials: C | undefined): ConversionFault | undefined
  /** Why the platform has no event of this name; undefined where it may have one. */
  nameFaultOf(platformEvent: string): string | undefined
  /** Events of one call must have the same key. */
  groupOf(conversion: Conversion): string
  /** How well the platform can find the person, 0 to 10: an estimate by which identifiers are present. */
  matchQuality(conversion: Conversion): number
  /** @param accessToken where the platform wants OAuth; undefined where the token is one of the credentials */
  send(
    target: ConversionTarget,
    credentials: C,
    batch: readonly Conversion[],
    accessToken: string | undefined,
  ): HttpRequest
  /** Reads the answer to {@link send}. */
  read(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer
  /** A request that proves the credentials and sends nothing that counts. */
  test(target: ConversionTarget, credentials: C, accessToken: string | undefined): HttpRequest
  readTest(
    response: HttpResponse,
  ): { readonly is: 'works'; readonly detail: string } | { readonly is: 'fails'; readonly detail: string }
  /** How to ask later what became of an accepted call; undefined where the answer is final. */
  readonly later:
    | {
        status(target: ConversionTarget, requestId: string, accessToken: string | undefined): HttpRequest
        readStatus(response: HttpResponse): AcceptedCallStatus
      }
    | undefined
}

/** What became of a call that was accepted before it was processed. Counts only: the platform does not say which event. */
export type AcceptedCallStatus =
  | { readonly is: 'processing' }
  | {
      readonly is: 'done'
      readonly taken: number
      readonly failed: readonly { readonly reason: string; readonly count: number }[]
    }
  | { readonly is: 'unavailable'; readonly detail: string }
