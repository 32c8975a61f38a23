import { createHash } from 'node:crypto'
import type { SandboxReply } from './protocol.ts'

/** Sends the browser back to the address that asked for authorization. */
export function redirectTo(
  redirectUri: string,
  params: Readonly<Record<string, string>>,
  fragment = '',
): SandboxReply {
  const back = new URL(redirectUri)
  for (const [name, value] of Object.entries(params)) back.searchParams.set(name, value)
  if (fragment !== '') back.hash = fragment
  return { status: 302, headers: { location: back.href }, body: undefined }
}

/** Whether the form's `code_verifier` fits the challenge (PKCE, RFC 7636); true if there was no challenge. */
export const meetsChallenge = (challenge: string | null, form: URLSearchParams): boolean =>
  challenge === null ||
  challenge ===
    createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
