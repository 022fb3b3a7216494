import type { Result } from './result.ts'

/** Results for a terminal, a line each; what needs attention comes first. */
export function checkLines(results: readonly Result[]): string[] {
  const of = (wanted: (result: Result) => boolean) => results.filter(wanted)
  const failed = of(({ outcome }) => outcome !== 'reached' && outcome !== 'skipped')
  const reached = of(({ outcome }) => outcome === 'reached')
  const skipped = of(({ outcome }) => outcome === 'skipped')
  const section = (heading: string, some: readonly Result[], lines: (one: Result) => string[]) =>
    some.length === 0 ? [] : [heading, ...some.flatMap(lines), '']
  return [
    ...section('NOT REACHED', failed, (one) => [
      `  ${head(one)}: ${one.outcome}${one.required ? '' : ' (not required)'}`,
      `    found:   ${one.detail}`,
      `    without: ${one.without}`,
      `    try:     ${one.fix}`,
    ]),
    ...section('NOT TRIED', skipped, (one) => [`  ${head(one)}: ${one.detail}`]),
    ...section('REACHED', reached, (one) => [`  ${head(one)}: ${one.detail}`]),
    `${reached.length} reached, ${failed.length} not reached, ${skipped.length} not tried`,
  ]
}

const head = ({ id, scheme, host, port, place, node }: Result): string =>
  `${id}  ${scheme}://${host}:${port} from ${node === undefined ? place : `node ${node}`}`
