import type { LeftOut, UserData } from './conversion-connector.ts'
import { isMd5, isSha256 } from './normalise.ts'

type Member = keyof UserData

export const leftOutOf = (member: Member, reason: string): LeftOut => ({
  field: `user_data.${member}`,
  reason,
})

/** Members that came hashed although the platform needs plain text, so that it does not get them. */
export const hashedOnes = (user: UserData, members: readonly Member[], platform: string): LeftOut[] =>
  members.flatMap((member) =>
    isSha256(user[member] ?? '') ? leftOutOf(member, `is hashed, and ${platform} takes it plain only`) : [],
  )

/** Members that came as MD5 hashes, for a platform that takes only SHA-256. */
export const md5Ones = (user: UserData, platform: string): LeftOut[] =>
  (['email', 'phone'] as const).flatMap((member) =>
    isMd5(user[member] ?? '') ? leftOutOf(member, `is MD5, and ${platform} takes SHA-256 only`) : [],
  )
