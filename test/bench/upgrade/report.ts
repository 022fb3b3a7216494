import { type Column, figuresTable } from '../figures.ts'
import { machineLine } from '../machine.ts'
import { targetTable } from '../table.ts'
import type { UpgradeReport } from './upgrade.ts'

const time: Column = { figure: 'seconds', title: 's', digits: 1, range: true }
const memory: Column = { figure: 'megabytes', title: 'MB memory', digits: 0, range: true }
const tables: [row: string, columns: Column[]][] = [
  ['plan', [time, memory]],
  [
    'upgrade',
    [
      time,
      memory,
      { figure: 'requests', title: 'requests', digits: 0 },
      { figure: 'failed', title: 'failed', digits: 0 },
      { figure: 'slowest', title: 'slowest ms', digits: 0 },
      { figure: 'lines', title: 'lines in terminals', digits: 0 },
      { figure: 'ended', title: 'terminals ended', digits: 0 },
      { figure: 'lost', title: 'bytes lost', digits: 0 },
    ],
  ],
  ['backup', [{ ...time, ratio: true }, { figure: 'rate', title: 'MB/s', digits: 0 }, memory, ...sizes()]],
  ['proof', [time, { figure: 'rate', title: 'MB/s', digits: 0 }, memory, ...sizes()]],
]

function sizes(): Column[] {
  return [
    { figure: 'cpuSeconds', title: 'CPU s here', digits: 1 },
    { figure: 'file', title: 'MB file', digits: 0 },
  ]
}

/** The report for people. */
export function upgradeText({ runs, bytes, machine, figures, targets }: UpgradeReport): string {
  const measured = tables.filter(([row]) => figures.some((one) => one.row.startsWith(row)))
  return [
    `${runs} run(s) in turn, medians${bytes === undefined ? '' : `; the full database has ${Math.round(bytes / 1e6)} MB`}.`,
    machineLine(machine),
    ...measured.flatMap(([row, columns]) => [
      '',
      figuresTable(figures, row, columns, { who: 'sealift', title: 'ours / it' }),
    ]),
    '',
    targetTable(targets),
  ].join('\n')
}
