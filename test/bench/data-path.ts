import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { createAuthority } from '../lab/certificates.ts'
import { ensurePackages } from '../lab/packages.ts'
import type { Bench } from './bench.ts'
import type { Contestant } from './contestant.ts'
import { type Corpus, openCorpus, type Size } from './corpus.ts'
import { type PeerName, peer, skopeo } from './peers.ts'
import { makeRelease } from './release.ts'
import type { Result } from './results.ts'
import { buildRow, carry } from './rows/build.ts'
import { killedRow } from './rows/killed.ts'
import { seedRows } from './rows/seed.ts'
import { serveRow } from './rows/serve.ts'
import { startUpRow } from './rows/start-up.ts'
import { verifyRow } from './rows/verify.ts'
import { sealiftContestant } from './sealift.ts'
import { judge, type Target } from './targets.ts'
import { craneContestant, imgpkgContestant, orasContestant, regctlContestant, skopeoContestant } from './tools.ts'

export const rowNames = ['start-up', 'build', 'verify', 'seed-cold', 'seed-warm', 'killed', 'serve'] as const
export type RowName = (typeof rowNames)[number]

export interface DataPathOptions {
  size: Size
  rows: readonly RowName[]
  /** timed runs of each contestant */
  runs: number
  /** names of contestants; all by default */
  contestants?: readonly string[] | undefined
  /** file of sealift's command line interface */
  cli: string
  log: (line: string) => void
  /** called after each row with all that is known by then */
  onReport: (report: Report) => Promise<void>
}

export interface Report {
  size: Size
  /** bytes */
  content: number
  unshared: number
  blobs: number
  images: number
  runs: number
  machine: { cpu: string; cores: number; memoryBytes: number; node: string; loadBefore: number[]; loadAfter: number[] }
  versions: Record<string, string>
  /** contestants that are not there, and why */
  missing: Record<string, string>
  results: Result[]
  targets: Target[]
}

/** Measures the data path of sealift and of comparable tools, in turn, on the same content and registries. */
export async function benchDataPath(options: DataPathOptions): Promise<void> {
  const { log, size, runs } = options
  await ensurePackages('bench')
  const scratch = join(cacheDirectory(), 'bench', `scratch-${randomBytes(4).toString('hex')}`)
  await mkdir(scratch, { recursive: true })
  const removeScratch = () => rmSync(scratch, { recursive: true, force: true })
  process.once('exit', removeScratch)
  const loadBefore = loadavg()
  try {
    const authority = await createAuthority(scratch, 'ca', 'bench authority')
    const { corpus, registry, directory } = await openCorpus(size, authority, log)
    try {
      const ours = {
        cli: options.cli,
        files: await makeRelease(join(scratch, 'vendor'), corpus.images, options.cli),
        caFile: authority.certificateFile,
      }
      const wanted = (name: string) => options.contestants?.includes(name) ?? true
      const { contestants: peers, missing } = await findPeers(corpus, wanted, log)
      const contestants = [...(wanted('sealift') ? [sealiftContestant(ours)] : []), ...peers]
      const results: Result[] = []
      const source = { corpus, source: registry, sourceDirectory: directory }
      const bench: Bench = { ...source, contestants, ours, authority, scratch, runs, results, log }
      const report = (): Report => ({
        size,
        content: corpus.content,
        unshared: corpus.unshared,
        blobs: corpus.blobs.length,
        images: corpus.images.length,
        runs,
        machine: {
          cpu: cpus()[0]?.model ?? '',
          cores: availableParallelism(),
          memoryBytes: totalmem(),
          node: process.version,
          loadBefore,
          loadAfter: loadavg(),
        },
        versions: Object.fromEntries(contestants.map(({ name, version }) => [name, version])),
        missing,
        results,
        targets: judge(results, corpus.content),
      })
      for (const row of rowsOf(bench, options.rows)) {
        await row()
        await options.onReport(report())
      }
    } finally {
      await registry.stop()
    }
  } finally {
    removeScratch()
    process.removeListener('exit', removeScratch)
  }
}

function rowsOf(bench: Bench, rows: readonly RowName[]): (() => Promise<void>)[] {
  const wanted = (row: RowName) => rows.includes(row)
  const [cold, warm] = [wanted('seed-cold'), wanted('seed-warm')]
  const sealed = (row: (bench: Bench) => Promise<void>) => async () => {
    if (bench.contestants.some(({ name }) => name === 'sealift')) await row(bench)
  }
  return [
    ...(wanted('start-up') ? [() => startUpRow(bench)] : []),
    ...(wanted('build') ? [() => buildRow(bench)] : []),
    ...(rows.some((row) => row !== 'start-up' && row !== 'build') ? [() => carry(bench)] : []),
    ...(wanted('verify') ? [sealed(verifyRow)] : []),
    ...(cold || warm ? [() => seedRows(bench, { cold, warm })] : []),
    ...(wanted('killed') ? [() => killedRow(bench)] : []),
    ...(wanted('serve') ? [sealed(serveRow)] : []),
  ]
}

async function findPeers(
  corpus: Corpus,
  wanted: (name: string) => boolean,
  log: (line: string) => void,
): Promise<{ contestants: Contestant[]; missing: Record<string, string> }> {
  const built = (name: PeerName) => () => peer(name, log)
  const tools = [
    { name: 'skopeo', find: skopeo, contestant: skopeoContestant },
    { name: 'crane', find: built('crane'), contestant: craneContestant },
    { name: 'oras', find: built('oras'), contestant: orasContestant },
    { name: 'regctl', find: built('regctl'), contestant: regctlContestant },
    { name: 'imgpkg', find: built('imgpkg'), contestant: imgpkgContestant },
  ]
  const contestants: Contestant[] = []
  const missing: Record<string, string> = {}
  for (const { name, find, contestant } of tools.filter(({ name }) => wanted(name))) {
    const found = await find()
    if ('missing' in found) missing[name] = found.missing
    else contestants.push(contestant(found.path, found.version, corpus))
  }
  return { contestants, missing }
}
