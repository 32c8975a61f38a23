import { describe } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createGoogleAds } from './google-ads.ts'

const connector = createGoogleAds({ googleAds: 'https://ads.example' })

describe('the Google Ads connector for reading', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Google Ads answers to reading', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
