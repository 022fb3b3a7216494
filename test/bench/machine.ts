import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** Where something was measured, and what else the machine had to do. */
export interface Machine {
  cpu: string
  cores: number
  memoryBytes: number
  node: string
  loadBefore: number[]
  loadAfter: number[]
}

export const machine = (loadBefore: number[]): Machine => ({
  cpu: cpus()[0]?.model ?? '',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  node: process.version,
  loadBefore,
  loadAfter: loadavg(),
})

/** The same in a line. */
export const machineLine = ({ cores, cpu, memoryBytes, node, loadBefore, loadAfter }: Machine): string =>
  `${cores} cores, ${cpu}, ${Math.round(memoryBytes / 1e6)} MB, Node ${node}; load ${loadBefore[0]?.toFixed(1)} before, ${loadAfter[0]?.toFixed(1)} after.`
