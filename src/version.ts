import { readFileSync } from 'node:fs'

/** Version of the package and of the API; a breaking change of the API increases it. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version

/** The commit that is checked out here, as 40 hex digits; null where there is no git checkout. */
export function checkedOutCommit(root = new URL('../', import.meta.url)): string | null {
  const read = (path: string) => readFileSync(new URL(`.git/${path}`, root), 'utf8').trim()
  try {
    const head = read('HEAD')
    const commit = head.startsWith('ref: ') ? read(head.slice('ref: '.length)) : head
    return /^[0-9a-f]{40}$/.test(commit) ? commit : null
  } catch {
    return null
  }
}
