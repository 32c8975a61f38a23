/** Separator of two columns. */
const GAP = '  '
/** Least width of a column, in characters, on any screen. */
const NARROWEST = 8

/**
 * Lines of a table with its headings. On a screen that is too narrow the widest columns are broken into several lines;
 * nothing is cut off. @param width of the screen, in columns; undefined for as wide as it gets
 */
export function tableLines(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string[] {
  const all = [headings, ...rows]
  const natural = headings.map((_, column) => Math.max(...all.map((row) => lengthOf(row[column] ?? ''))))
  const widths = fitted(natural, width)
  return all.flatMap((row) => linesOf(row, widths))
}

function fitted(natural: readonly number[], width: number | undefined): number[] {
  const widths = [...natural]
  const room = (width ?? Number.POSITIVE_INFINITY) - GAP.length * (widths.length - 1)
  for (let total = sum(widths); total > room; total -= 1) {
    const widest = widths.indexOf(Math.max(...widths))
    const now = widths[widest] ?? 0
    if (now <= NARROWEST) break
    widths[widest] = now - 1
  }
  return widths
}

function linesOf(row: readonly string[], widths: readonly number[]): string[] {
  const cells = widths.map((width, column) => broken(row[column] ?? '', width))
  const height = Math.max(...cells.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    widths
      .map((width, column) => padded(cells[column]?.[line] ?? '', width))
      .join(GAP)
      .trimEnd(),
  )
}

/** Breaks at blanks where there are some, else anywhere. */
function broken(text: string, width: number): string[] {
  const lines: string[] = []
  let left = [...text]
  while (left.length > width) {
    const blank = left.slice(0, width + 1).lastIndexOf(' ')
    const end = blank > 0 ? blank : width
    lines.push(left.slice(0, end).join(''))
    left = left.slice(blank > 0 ? end + 1 : end)
  }
  return [...lines, left.join('')]
}

const lengthOf = (text: string): number => [...text].length
const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)))
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
