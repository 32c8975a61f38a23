const NAMES: Readonly<Record<string, string>> = {
  DV360: 'Display & Video 360',
  TTD: 'The Trade Desk',
  META: 'Meta Ads',
  GOOGLE_ADS: 'Google Ads',
  AMAZON_DSP: 'Amazon DSP',
  SHEETS: 'Google Sheets',
  GA4: 'Google Analytics 4',
  RESEND: 'Resend',
}

/** A type of connection as its platform calls itself; the type itself where no name is known. */
export const platformName = (type: string): string => NAMES[type] ?? type
