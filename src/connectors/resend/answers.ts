import { z } from 'zod'

export const ListPage = z.object({ data: z.array(z.unknown()), has_more: z.boolean().nullish() })
export type ListPage = z.output<typeof ListPage>

export const Domain = z.object({ name: z.string().min(1), status: z.string().default('') })
const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? null)
export const Email = z.object({
  id: z.string().min(1),
  to: z.union([z.array(z.string()), z.string()]).nullish(),
  from: Text,
  subject: Text,
  created_at: z.string(),
  last_event: Text,
  scheduled_at: Text,
})
export const Template = z.object({
  id: z.string().min(1),
  name: Text,
  alias: Text,
  status: Text,
  updated_at: Text,
})
export const Sent = z.object({ id: z.string().min(1) })
export const SentAll = z.object({ data: z.array(Sent) })

/** Domain of a sender such as `Acme <hello@acme.example>`; undefined where there is none. */
export const domainOf = (sender: string): string | undefined =>
  /@([^@\s>]+)>?\s*$/.exec(sender)?.[1]?.toLowerCase()

/** Times are `2026-11-20 09:00:00.123456+00` in one answer and ISO 8601 in another. */
export function emailRow({
  id,
  to,
  from,
  subject,
  created_at,
  last_event,
  scheduled_at,
}: z.output<typeof Email>) {
  const createdMs = Date.parse(created_at.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
  if (!Number.isFinite(createdMs)) throw new Error(`the e-mail ${id} has no date`)
  const createdAt = new Date(createdMs).toISOString()
  return {
    date: createdAt.slice(0, 10),
    email_id: id,
    status: last_event,
    to: typeof to === 'string' ? to : (to?.join(', ') ?? null),
    from,
    subject,
    created_at: createdAt,
    scheduled_at,
  }
}
