import { micros } from '../src/money.ts'

/** What the benches of the bidder without HTTP have in common. */

export const SAMPLES = new URL('./openrtb-samples/', import.meta.url)
export const RATES = new Map(Object.entries({ USD: 1, EUR: 0.92, GBP: 0.79, JPY: 151 }))
export const SIZES = [
  [300, 250],
  [320, 50],
  [728, 90],
  [160, 600],
  [300, 600],
  [970, 250],
  [336, 280],
  [320, 100],
  [468, 60],
  [970, 90],
] as const
export const COUNTRIES = ['USA', 'GBR', 'DEU', 'CAN', 'BRA', 'MEX', 'FRA', 'JPN', 'AUS', 'ESP']
export const PLENTY = micros(1_000_000_000_000_000)
