/** Values of the chart that a release was installed with, as Helm keeps them. */
export type ChartValues = Record<string, unknown>

/** A value by its path; undefined where it is not set. */
export function valueAt(values: ChartValues | undefined, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as never)[key] : undefined),
    values,
  )
}

/** The same where it is text that says something. */
export function textAt(values: ChartValues | undefined, ...path: string[]): string | undefined {
  const value = valueAt(values, ...path)
  return typeof value === 'string' && value !== '' ? value : undefined
}
