/** An e-mail template, with the field names of the platform that sends it. */
export interface Template {
  readonly name?: string | undefined
  readonly alias?: string | undefined
  readonly from?: string | undefined
  readonly subject?: string | undefined
  readonly html?: string | undefined
  readonly text?: string | undefined
  readonly variables?:
    | readonly {
        readonly key: string
        readonly type: 'string' | 'number'
        readonly fallback_value?: string | number | undefined
      }[]
    | undefined
}

/** An e-mail: its own text, or a published template with variables. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly subject?: string | undefined
  readonly text?: string | undefined
  readonly html?: string | undefined
  readonly replyTo?: string | undefined
  readonly template?:
    | { readonly id: string; readonly variables?: Readonly<Record<string, string | number>> | undefined }
    | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}
