interface Setting {
  readonly name: string
  readonly label: string
  readonly hint: string
}

/** What has to be said, or can be, before an account of a platform is looked for. */
const SETTINGS: Readonly<Record<string, readonly Setting[]>> = {
  DV360: [{ name: 'partner_id', label: 'Partner', hint: 'where the login reaches no advertiser by itself' }],
  TTD: [{ name: 'partner_id', label: 'Partner', hint: 'where the key reaches several' }],
  GOOGLE_ADS: [
    { name: 'login_customer_id', label: 'Manager account', hint: 'where the account is managed by one' },
  ],
  AMAZON_DSP: [{ name: 'region', label: 'Region', hint: 'NA, EU or FE; NA where nothing is said' }],
  SHEETS: [
    { name: 'spreadsheet_id', label: 'Spreadsheet', hint: 'the id in its address; needed' },
    { name: 'range', label: 'Range', hint: 'such as CRM!A1:F' },
    { name: 'key_column', label: 'Key column', hint: 'names a row where records are stored' },
  ],
  RESEND: [{ name: 'from', label: 'Sender', hint: 'where the key may only send' }],
}

export const settingsOf = (type: string): readonly Setting[] => SETTINGS[type] ?? []
