import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Credential } from '../lab/certificates.ts'
import { run } from '../lab/command.ts'
import { type Registry, startRegistry } from '../lab/registry.ts'
import type { Contestant } from './contestant.ts'
import type { Corpus } from './corpus.ts'
import type { Job } from './measure.ts'
import type { Result } from './results.ts'
import type { OursContext } from './sealift.ts'

/** All that rows need. */
export interface Bench {
  corpus: Corpus
  /** the registry that has the corpus, and where it keeps it */
  source: Registry
  sourceDirectory: string
  contestants: Contestant[]
  ours: OursContext
  authority: Credential
  /** everything that is written while measuring */
  scratch: string
  runs: number
  results: Result[]
  log: (line: string) => void
}

/** A contestant's job in a directory of its own. */
export function jobOf(bench: Bench, contestant: { name: string }, script: string): Job {
  const directory = join(bench.scratch, contestant.name.replaceAll(/\W+/g, '-'))
  const environment = {
    OUT: join(directory, 'out'),
    IN: join(directory, 'carried'),
    SSL_CERT_FILE: bench.authority.certificateFile,
  }
  return { script, directory, environment }
}

/** Empties a directory, and lets the disk finish what earlier runs wrote. */
export async function clean(...directories: string[]): Promise<void> {
  for (const directory of directories) {
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
  }
  await run('sync', [], { timeout: 600_000 })
}

/** An empty docker-registry. `end` stops it and removes its content. */
export async function emptyRegistry(bench: Bench): Promise<Registry & { end: () => Promise<void> }> {
  const directory = join(bench.scratch, 'target')
  await clean(directory)
  const registry = await startRegistry({ directory, tls: true, authority: bench.authority })
  const end = async () => {
    await registry.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return { ...registry, end }
}

/** Runs `work` for each item, `rounds` times in turn: A B C A B C. Who fails once is left out from then on. */
export async function alternate<T extends { name: string }>(
  items: readonly T[],
  rounds: number,
  work: (item: T, round: number) => Promise<void>,
  failed: (item: T, error: Error) => void,
): Promise<void> {
  const out = new Set<T>()
  for (let round = 0; round < rounds; round++)
    for (const item of items) {
      if (out.has(item)) continue
      await work(item, round).catch((error: Error) => {
        out.add(item)
        failed(item, error)
      })
    }
}
