import { type ChartValues, textAt } from '../cluster/chart-values.ts'

/** The image of PostgreSQL that an installation has, as its pods name it (the chart, `cde.image`). */
export function postgresImage(values: ChartValues): string {
  const registry = textAt(values, 'image', 'registry')?.replace(/\/$/, '') ?? ''
  const image = (key: string) => textAt(values, 'images', 'postgres', key)
  const tag = image('tag')
  const digest = image('digest')
  return `${registry}/${image('repository') ?? ''}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`
}
