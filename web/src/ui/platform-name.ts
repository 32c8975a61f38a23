const NAMES: Readonly<Record<string, string>> = {
  google_ads: 'Google Ads',
  meta: 'Meta Ads',
  tradedesk: 'The Trade Desk',
  google: 'Google Ads',
  tiktok: 'TikTok',
  snapchat: 'Snapchat',
  whatsapp: 'WhatsApp',
  openrtb: 'Exchanges',
  DV360: 'Display & Video 360',
  TTD: 'The Trade Desk',
  META: 'Meta Ads',
  GOOGLE_ADS: 'Google Ads',
  AMAZON_DSP: 'Amazon DSP',
  SHEETS: 'Google Sheets',
  GA4: 'Google Analytics 4',
  RESEND: 'Resend',
}

/** A platform, or a type of connection, by the name that it gives itself; as it is where no name is known. */
export const platformName = (name: string): string => NAMES[name] ?? name
