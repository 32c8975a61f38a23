import { useEffect, useEffectEvent, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import './plot.css'

/** Seconds since the epoch, then the values of each line; null where there is none. */
export type PlotData = uPlot.AlignedData

/** Most lines that can be told apart; as many colours are in `plot.css`. */
export const MOST_LINES = 6
const HEIGHT_PX = 240

interface PlotProps {
  readonly data: PlotData
  /** Days of an account, which have no hour; or times, in the viewer's zone. */
  readonly axis: 'days' | 'times'
  /** How much of the figure is one on the axis: a million where it is in micros. */
  readonly unit?: number
  /** Says to a screen reader what is drawn. */
  readonly label: string
  /** Told the place of the time that is pointed at; null for none. */
  onPoint(at: number | null): void
}

/** Colours come from the style sheet at each drawing, so that they follow the theme. */
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name)

/** Lines over time. */
export function Plot({ data, axis, unit = 1, label, onPoint }: PlotProps) {
  const root = useRef<HTMLDivElement>(null)
  const drawn = useRef<uPlot>(null)
  const lines = data.length - 1
  const dataNow = useEffectEvent(() => data)
  useEffect(() => {
    const element = root.current
    if (element === null) return undefined
    const options = { ...optionsFor(lines, axis, unit, onPoint), width: element.clientWidth }
    const plot = new uPlot(options, dataNow(), element)
    drawn.current = plot
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    resized.observe(element)
    const themed = new MutationObserver(() => plot.redraw(false, true))
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      resized.disconnect()
      themed.disconnect()
      plot.destroy()
    }
  }, [lines, axis, unit, onPoint])
  // New figures are drawn into the same chart, so that nothing jumps and what is pointed at stays.
  useEffect(() => {
    if (drawn.current && drawn.current.data !== data) drawn.current.setData(data)
  }, [data])
  return <div ref={root} className="plot" role="img" aria-label={label} />
}

function optionsFor(
  lines: number,
  axis: PlotProps['axis'],
  unit: number,
  onPoint: PlotProps['onPoint'],
): Omit<uPlot.Options, 'width'> {
  const look: uPlot.Axis = {
    stroke: () => colour('--ink-soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { stroke: () => colour('--line'), width: 1 },
  }
  const isOfDays = axis === 'days'
  return {
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    ...(isOfDays && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC') }),
    axes: [
      {
        ...look,
        space: 70,
        ...(isOfDays
          ? { incrs: DAY_STEPS, values: (_, ticks) => ticks.map(dayName) }
          : { values: (_, ticks) => ticks.map(timeName) }),
      },
      { ...look, size: 64, values: (_, ticks) => ticks.map((tick) => shortNumbers.format(tick / unit)) },
    ],
    series: [
      {},
      ...Array.from({ length: lines }, (_, line) => ({
        stroke: () => colour(`--line-${line + 1}`),
        width: 2,
        points: {
          size: 5,
          filter: (plot: uPlot, at: number, areShown: boolean) => (areShown ? null : alone(plot.data[at])),
        },
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => onPoint(idx ?? null)] },
  }
}

/** The places of values without a neighbour, which no line goes through: they are drawn as points. */
const alone = (values: ArrayLike<number | null | undefined> = []): number[] =>
  Array.from(values, (value, at) =>
    value != null && values[at - 1] == null && values[at + 1] == null ? at : -1,
  ).filter((at) => at >= 0)

const DAY_SECONDS = 86_400
const DAY_STEPS = [1, 2, 3, 7, 14, 30, 90, 180, 365].map((days) => days * DAY_SECONDS)
const shortNumbers = new Intl.NumberFormat(undefined, { notation: 'compact' })
const dayNames = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayName = (seconds: number): string => dayNames.format(seconds * 1_000)
const timeNames = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const timeName = (seconds: number): string => timeNames.format(seconds * 1_000)
