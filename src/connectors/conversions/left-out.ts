import type { LeftOut, UserData } from './conversion-connector.ts'
import { isMd5, isSha256 } from './normalise.ts'

type Member = keyof UserData

export const leftOutOf = (member: Member, reason: string): LeftOut => ({
  field: `user_data.${member}`,
  reason,
})

/** What came hashed although the platform wants it plain, so that it gets nothing. */
export const hashedOnes = (user: UserData, members: readonly Member[], platform: string): LeftOut[] =>
  members.flatMap((member) =>
    isSha256(user[member] ?? '') ? leftOutOf(member, `is hashed, and ${platform} takes it plain only`) : [],
  )

/** What came as an MD5 hash, to a platform that takes SHA-256 alone. */
export const md5Ones = (user: UserData, platform: string): LeftOut[] =>
  (['email', 'phone'] as const).flatMap((member) =>
    isMd5(user[member] ?? '') ? leftOutOf(member, `is MD5, and ${platform} takes SHA-256 only`) : [],
  )
