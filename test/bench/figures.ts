import { median, pairedRatio, spread } from './statistics.ts'
import { markdown } from './table.ts'

/** What a contestant did in a row: for each figure (by name) one value for each run, in order. */
export interface Figures {
  row: string
  contestant: string
  values: Record<string, number[]>
  /** what is wrong with it, where it could not run to its end */
  failure?: string
}

/** The figures of a contestant in a row, made where they are missing. */
export function figuresOf(all: Figures[], row: string, contestant: string): Figures {
  const known = all.find((one) => one.row === row && one.contestant === contestant)
  if (known) return known
  const made: Figures = { row, contestant, values: {} }
  all.push(made)
  return made
}

/** Adds one run's values. */
export function addRun(figures: Figures, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) {
    figures.values[name] ??= []
    figures.values[name].push(value)
  }
}

/** Median of one figure over the runs; undefined where it was not measured. */
export function medianOf(all: readonly Figures[], row: string, contestant: string, name: string): number | undefined {
  const values = all.find((one) => one.row === row && one.contestant === contestant)?.values[name]
  return values && median(values)
}

/** Ours over the other's, of runs that stood next to each other (statistics.ts); undefined where one is missing. */
export function ratioOf(
  all: readonly Figures[],
  row: string,
  [ours, other]: readonly [string, string],
  name: string,
): number | undefined {
  const [a, b] = [ours, other].map((who) => all.find((one) => one.row === row && one.contestant === who)?.values[name])
  return a && b ? pairedRatio(a, b) : undefined
}

export interface Column {
  figure: string
  title: string
  digits: number
  /** whether `ours / it` follows */
  ratio?: boolean
  /** whether the smallest and the largest run follow in brackets */
  range?: boolean
}

/** Who the ratios of a table are of: `title` is `ours / it`, or the other way round with `inverse`. */
export interface Base {
  who: string
  title: string
  inverse?: boolean
}

/** The rows whose name begins with `prefix` as a table. */
export function figuresTable(all: readonly Figures[], prefix: string, columns: readonly Column[], base: Base): string {
  const head = ['row', 'contestant', ...columns.flatMap(({ title, ratio }) => (ratio ? [title, base.title] : [title]))]
  const rows = all
    .filter(({ row }) => row.startsWith(prefix))
    .map(({ row, contestant, values, failure }) => {
      if (failure !== undefined) return [row, contestant, `failed: ${failure.replaceAll(/\s+/g, ' ').slice(0, 80)}`]
      return [
        row,
        contestant,
        ...columns.flatMap(({ figure, digits, ratio, range }) => {
          const runs = values[figure]
          const [least, most] = runs ? spread(runs) : []
          const wide = range && least !== most ? ` (${least?.toFixed(digits)}-${most?.toFixed(digits)})` : ''
          const shown = runs ? `${median(runs).toFixed(digits)}${wide}` : ''
          const pair = base.inverse ? ([contestant, base.who] as const) : ([base.who, contestant] as const)
          const times = contestant === base.who ? undefined : ratioOf(all, row, pair, figure)
          return ratio ? [shown, times?.toFixed(2) ?? ''] : [shown]
        }),
      ]
    })
  return markdown(head, rows)
}
