import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Check } from './check.ts'

/** bytes for journal, receipt and what Helm caches, beside what is taken out of the bundle */
const own = 100e6

export const bastionRoom: Check = {
  id: 'bastion-room',
  title: 'This machine has room for what the installation keeps',
  protects: 'deploy',
  why: 'Helm and the chart are taken out of the bundle here; without room the installation stops half way.',
  level: 'error',
  async run({ bundle, stateDir }) {
    const [helm, chart] = await Promise.all([bundle.file('helm'), bundle.chart()])
    // once beside its partial copy
    const needed = 2 * (helm.descriptor.size + chart.descriptor.size) + own
    const places = await Promise.all([...new Set([stateDir, tmpdir()])].map(roomAt))
    const small = places.find(({ free, directory }) => free < (directory === tmpdir() ? own : needed))
    const shown = (bytes: number) => `${Math.floor(bytes / 1e6)} MB`
    const found = places.map(({ directory, free }) => `${shown(free)} free at ${directory}`).join(', ')
    if (!small) return { state: 'passed', found }
    return {
      state: 'failed',
      code: 'STORAGE_FULL',
      found,
      needed: `${shown(needed)} for the state directory, ${shown(own)} for ${tmpdir()}`,
      fix: `see what takes it: df -h ${small.directory}; or name another place: --state DIR`,
    }
  },
}

/** Bytes that are free where a directory is, or will be made. */
async function roomAt(directory: string): Promise<{ directory: string; free: number }> {
  for (let at = path.resolve(directory); ; at = path.dirname(at))
    try {
      const { bavail, bsize } = await statfs(at)
      return { directory, free: bavail * bsize }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === path.dirname(at)) throw error
    }
}
