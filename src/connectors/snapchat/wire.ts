import { hash } from 'node:crypto'
import {
  appDataOf,
  type Conversion,
  dedupIdOf,
  identifiersOf,
  itemCount,
  pageOf,
  present,
  seconds,
} from '../conversions/index.ts'

const ACTION_SOURCES: Readonly<Record<string, string>> = { website: 'WEB', app: 'MOBILE_APP' }
const actionSourceOf = ({ actionSource }: Conversion): string => ACTION_SOURCES[actionSource] ?? 'OFFLINE'

/** LDU: limited data use. LMU: the data may be used for measurement, but not for showing ads to this person. */
function limitOf({ consent }: Conversion): 'LDU' | 'LMU' | undefined {
  if (consent?.ad_user_data === 'denied') return 'LDU'
  return consent?.ad_personalization === 'denied' ? 'LMU' : undefined
}

/** An event in the form of v3. */
export function nestedEventOf(conversion: Conversion, appId: string | undefined): Record<string, unknown> {
  const { em, ph, external_id, ...others } = identifiersOf(conversion)
  const custom = customDataOf(conversion)
  const limit = limitOf(conversion)
  const listed = (value: unknown) => (value === undefined ? undefined : [value])
  return present({
    event_name: conversion.platformEvent,
    event_time: seconds(conversion.eventTimeMs),
    event_id: dedupIdOf(conversion),
    action_source: actionSourceOf(conversion),
    event_source_url: pageOf(conversion),
    ...(limit && {
      data_processing_options: [limit],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    }),
    user_data: present({ em: listed(em), ph: listed(ph), external_id: listed(external_id), ...others }),
    custom_data: Object.keys(custom).length > 0 ? custom : undefined,
    app_data: appId === undefined ? undefined : { app_id: appId, ...deviceOf(conversion) },
  })
}

/** The device. Snapchat requires numbers where Meta also takes booleans. */
function deviceOf(conversion: Conversion) {
  const appData = appDataOf(conversion)
  if (appData === undefined) return undefined
  return {
    advertiser_tracking_enabled: Number(appData.advertiser_tracking_enabled),
    extinfo: appData.extinfo,
  }
}

function customDataOf({ customData, parameters }: Conversion): Record<string, unknown> {
  const { contents, value, currency, order_id, search_string } = customData
  return present({
    ...parameters,
    currency: currency?.toUpperCase(),
    value,
    content_ids: contents?.map(({ id }) => id),
    contents: contents?.map(({ id, quantity = 1, item_price }) => present({ id, quantity, item_price })),
    num_items: contents && itemCount(contents),
    order_id,
    search_string,
  })
}

const hashedIp = (ip: unknown) => (typeof ip === 'string' ? hash('sha256', ip.trim(), 'hex') : undefined)
const lowerAgent = (agent: unknown) => (typeof agent === 'string' ? agent.toLowerCase() : undefined)

/**
 * An event in the form of v2: the IP address is hashed, the user agent is in lower case, and there are no names and
 * addresses.
 */
export function flatEventOf(conversion: Conversion): Record<string, unknown> {
  const { contents, value, currency, order_id, search_string } = conversion.customData
  const known = identifiersOf(conversion)
  return present({
    ...conversion.parameters,
    event_type: conversion.platformEvent,
    event_conversion_type: actionSourceOf(conversion),
    timestamp: conversion.eventTimeMs,
    client_dedup_id: dedupIdOf(conversion),
    page_url: pageOf(conversion),
    hashed_email: known['em'],
    hashed_phone_number: known['ph'],
    hashed_ip_address: hashedIp(known['client_ip_address']),
    user_agent: lowerAgent(known['client_user_agent']),
    click_id: known['sc_click_id'],
    uuid_c1: known['sc_cookie1'],
    price: value === undefined ? undefined : String(value),
    currency: currency?.toUpperCase(),
    transaction_id: order_id,
    item_ids: contents?.map(({ id }) => id),
    number_items: contents && itemCount(contents),
    search_string,
    data_use: limitOf(conversion)?.toLowerCase(),
  })
}
