/** An e-mail: text of its own, or a published template with its variables. */
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
