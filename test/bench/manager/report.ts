import { type Column, figuresTable } from '../figures.ts'
import { machineLine } from '../machine.ts'
import type { ManagerReport } from './manager.ts'

const columns: Column[] = [
  { figure: 'rate', title: 'a second', digits: 0, ratio: true, range: true },
  { figure: 'p50', title: 'p50 ms', digits: 1 },
  { figure: 'p99', title: 'p99 ms', digits: 1, ratio: true, range: true },
  { figure: 'cpuMs', title: 'CPU ms each', digits: 2, ratio: true },
  { figure: 'databaseMs', title: 'database CPU ms', digits: 2, ratio: true },
  { figure: 'clientShare', title: 'client CPU %', digits: 0 },
  { figure: 'kilobytes', title: 'KB', digits: 1 },
  { figure: 'failed', title: 'failed', digits: 0 },
]

/** The report for people. */
export function managerText({ runs, machine, versions, figures }: ManagerReport): string {
  return [
    `${runs} run(s) in turn, medians.`,
    machineLine(machine),
    `autocannon ${versions.autocannon}`,
    '',
    figuresTable(figures, '', columns, { who: 'bare', title: 'to bare', inverse: true }),
  ].join('\n')
}
