import { type Column, figuresTable } from '../figures.ts'
import { machineLine } from '../machine.ts'
import { targetTable } from '../table.ts'
import type { EnvproxyReport } from './envproxy.ts'
import { ours } from './targets.ts'

const tables: { prefix: string; columns: Column[] }[] = [
  {
    prefix: 'echo',
    columns: [
      { figure: 'p50', title: 'p50 ms', digits: 2, ratio: true },
      { figure: 'p99', title: 'p99 ms', digits: 2, ratio: true, range: true },
      { figure: 'cpuSeconds', title: 'CPU s', digits: 2, ratio: true },
      { figure: 'cpuShare', title: 'CPU %', digits: 0 },
      { figure: 'clientShare', title: 'client CPU %', digits: 0 },
      { figure: 'messages', title: 'messages', digits: 0 },
      { figure: 'lost', title: 'lost', digits: 0 },
    ],
  },
  {
    prefix: 'bulk',
    columns: [
      { figure: 'rate', title: 'MB/s', digits: 0, ratio: true, range: true },
      { figure: 'cpuPerGigabyte', title: 'CPU s per GB', digits: 2, ratio: true },
    ],
  },
  {
    prefix: 'idle',
    columns: [
      { figure: 'kilobytes', title: 'KB a connection', digits: 1, ratio: true, range: true },
      { figure: 'before', title: 'MB before', digits: 0 },
    ],
  },
  {
    prefix: 'slow reader',
    columns: [
      { figure: 'megabytes', title: 'MB more', digits: 1 },
      { figure: 'p99', title: "others' p99 ms", digits: 2 },
      { figure: 'p99Alone', title: 'p99 ms before', digits: 2 },
      { figure: 'whole', title: 'all came', digits: 0 },
    ],
  },
  {
    prefix: 'connect',
    columns: [
      { figure: 'rate', title: 'a second', digits: 0, ratio: true, range: true },
      { figure: 'cpuMs', title: 'CPU ms each', digits: 2, ratio: true },
    ],
  },
  {
    prefix: 'held',
    columns: [
      { figure: 'connections', title: 'connections', digits: 0 },
      { figure: 'seconds', title: 's', digits: 0 },
      { figure: 'disconnected', title: 'disconnected', digits: 0 },
      { figure: 'lost', title: 'messages lost', digits: 0 },
    ],
  },
]

/** The report for people. */
export function envproxyText({ runs, machine, versions, figures, targets }: EnvproxyReport): string {
  const named = Object.entries(versions).filter(([, version]) => version !== '')
  return [
    `${runs} run(s) in turn, medians.`,
    machineLine(machine),
    named.map((words) => words.join(' ')).join(', '),
    ...tables
      .filter(({ prefix }) => figures.some(({ row }) => row.startsWith(prefix)))
      .flatMap(({ prefix, columns }) => [
        '',
        figuresTable(figures, prefix, columns, { who: ours, title: 'ours / it' }),
      ]),
    '',
    targetTable(targets),
  ].join('\n')
}
