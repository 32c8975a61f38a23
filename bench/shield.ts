import { fork } from 'node:child_process'
import type { Figure } from './measure.ts'

/** What is compared with the first case, and what it should reach. */
const CASES = ['hold-settle', 'mutex-check-and-add', 'plain-records', 'limiters', 'breakers']

/** The money core beside its peers, each in a process of its own so that none has warmed up another. */
export async function benchShield(): Promise<void> {
  const figures: Figure[] = []
  for (const name of CASES) figures.push(...(await runCase(name)))
  const ours = figures[0]?.perSecond ?? 0
  process.stdout.write('| case | operations/s | ns each | hold + settle is … times |\n|---|---|---|---|\n')
  for (const { name, perSecond } of figures) {
    const cells = [
      name,
      perSecond.toExponential(2),
      (1e9 / perSecond).toFixed(0),
      (ours / perSecond).toFixed(2),
    ]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
}

function runCase(name: string): Promise<Figure[]> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(`cases/${name}.ts`, import.meta.url))
    child.once('message', (figures: Figure[]) => {
      resolve(figures)
      child.kill()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
}
