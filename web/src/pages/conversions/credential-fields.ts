/** A member of a platform's credentials, as its form asks for it. */
export interface CredentialField {
  readonly name: string
  readonly label: string
  readonly isSecret?: true
  readonly isOptional?: true
  readonly hint?: string
}

const accessToken: CredentialField = { name: 'access_token', label: 'Access token', isSecret: true }

/** What each platform wants, by the names that `PUT /api/v1/conversions/connections/{platform}` takes. */
export const CREDENTIAL_FIELDS: Readonly<Record<string, readonly CredentialField[]>> = {
  meta: [
    { name: 'pixel_id', label: 'Pixel id', hint: 'Also called dataset id, in the Events Manager' },
    { ...accessToken, hint: 'Of a system user, made in the settings of the dataset' },
    {
      name: 'app_dataset_id',
      label: 'Dataset id of an app',
      isOptional: true,
      hint: 'Where events of an app go',
    },
    {
      name: 'test_event_code',
      label: 'Test event code',
      isOptional: true,
      hint: 'Shows events at once; they count',
    },
  ],
  google: [
    { name: 'customer_id', label: 'Customer id', hint: 'Of the Google Ads account' },
    { name: 'conversion_action_id', label: 'Conversion action id' },
    { name: 'client_id', label: 'OAuth client id' },
    { name: 'client_secret', label: 'OAuth client secret', isSecret: true },
    { name: 'refresh_token', label: 'Refresh token', isSecret: true },
    { name: 'developer_token', label: 'Developer token', isSecret: true, isOptional: true },
    {
      name: 'login_customer_id',
      label: 'Manager account id',
      isOptional: true,
      hint: 'Where the customer is reached through one',
    },
    { name: 'merchant_id', label: 'Merchant Center id', isOptional: true, hint: 'For the items of an order' },
    { name: 'merchant_feed_label', label: 'Merchant feed label', isOptional: true },
    {
      name: 'merchant_feed_language_code',
      label: 'Merchant feed language',
      isOptional: true,
      hint: 'For example en',
    },
  ],
  tiktok: [
    { name: 'pixel_code', label: 'Pixel code' },
    accessToken,
    { name: 'app_id', label: 'App id', isOptional: true, hint: 'Where events of an app go' },
    { name: 'offline_event_set_id', label: 'Offline event set id', isOptional: true },
    { name: 'crm_event_set_id', label: 'CRM event set id', isOptional: true },
    { name: 'test_event_code', label: 'Test event code', isOptional: true },
  ],
  snapchat: [
    { name: 'pixel_id', label: 'Pixel id' },
    accessToken,
    {
      name: 'snap_app_id',
      label: 'Snap app id',
      isOptional: true,
      hint: 'With the app id, for events of an app',
    },
    { name: 'app_id', label: 'App id in its store', isOptional: true },
  ],
  whatsapp: [
    { name: 'phone_number_id', label: 'Phone number id' },
    accessToken,
    {
      name: 'app_secret',
      label: 'App secret',
      isSecret: true,
      isOptional: true,
      hint: 'Proves that a webhook comes from Meta; without it none is believed',
    },
    {
      name: 'webhook_verify_token',
      label: 'Webhook verify token',
      isSecret: true,
      hint: 'Made up by you; Meta asks for it when the webhook is set up',
    },
  ],
}

export const CONNECTABLE = Object.keys(CREDENTIAL_FIELDS)
