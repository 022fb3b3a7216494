import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sealiftExecutable } from '../../lab/demo-sealift.ts'
import { kubectlBinary } from '../../lab/tools.ts'
import { words } from '../contestant.ts'
import { addRun, type Figures, figuresOf } from '../figures.ts'
import { measure } from '../measure.ts'
import type { UpgradeSite } from './site.ts'

export const contestants = ['sealift', 'pg_dump', 'pg_dump --compress=1'] as const

/** Backs up and dumps in turn, into files of this machine; then proves ours. `bytes`: of the database. */
export async function backupRows(
  { ground }: UpgradeSite,
  figures: Figures[],
  { bytes, runs, scratch, log }: { bytes: number; runs: number; scratch: string; log: (line: string) => void },
): Promise<void> {
  const [cli, kubectl] = [await sealiftExecutable(), await kubectlBinary()]
  const where = `--kubeconfig=${ground.site.kubeconfig}`
  const out = join(scratch, 'backups')
  const dump = (...flags: string[]) =>
    `${words(kubectl, where, '--namespace=cde', 'exec', 'statefulset/cde-postgres-17', '--', 'pg_dump', '-U', 'cde', '-d', 'cde', '--format=custom', ...flags)} > ${words(join(out, 'dump'))}`
  const scripts: Record<(typeof contestants)[number], string> = {
    sealift: words(cli, 'backup', 'create', '--no-prove', where, `--directory=${out}`),
    pg_dump: dump(),
    'pg_dump --compress=1': dump('--compress=1'),
  }
  let proof = ''
  for (let run = 0; run < runs; run++)
    for (const contestant of contestants) {
      await rm(out, { recursive: true, force: true })
      await mkdir(out)
      const job = { script: scripts[contestant], directory: scratch, environment: {} }
      const { seconds, cpuSeconds, peakMemory } = await measure(job)
      const [file = ''] = (await readdir(out)).filter((name) => /^dump$|\.backup$/.test(name))
      const size = (await stat(join(out, file))).size
      log(`${contestant}: ${seconds.toFixed(1)} s, ${told(peakMemory)} of memory, a file of ${told(size)}`)
      addRun(figuresOf(figures, 'backup', contestant), {
        ...{ seconds, cpuSeconds, megabytes: peakMemory / 1e6, rate: bytes / 1e6 / seconds, file: size / 1e6 },
      })
      if (contestant !== 'sealift' || proof !== '') continue
      proof = join(out, file)
      const proving = words(cli, 'backup', 'verify', proof, '--prove', where)
      const proved = await measure({ ...job, script: proving })
      log(`proof: ${proved.seconds.toFixed(1)} s, ${told(proved.peakMemory)} of memory`)
      addRun(figuresOf(figures, 'proof', 'sealift'), {
        ...{ seconds: proved.seconds, cpuSeconds: proved.cpuSeconds, megabytes: proved.peakMemory / 1e6 },
        ...{ rate: bytes / 1e6 / proved.seconds, file: size / 1e6 },
      })
    }
}

const told = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
