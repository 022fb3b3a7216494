import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { type BorrowOptions, borrowLab } from '../lab/borrow.ts'
import type { GroundOptions } from '../lab/demo-ground.ts'
import type { Lab } from '../lab/lab.ts'

/** What is started on a borrowed lab, and what ends all of it. */
export type OnBorrowedLab<T> = T & { lab: Lab; close: () => Promise<void> }

/**
 * Starts the demo, or its beginning, on a borrowed lab, which is made ready beside it. The vendor's files are those of all
 * tests; what is carried over and made at the site has a directory of its own, removed at the end.
 */
export async function onBorrowedLab<T extends { stop(): Promise<void> }>(
  start: (options: GroundOptions, lab: Promise<Lab>) => Promise<T>,
  borrow: BorrowOptions = {},
): Promise<OnBorrowedLab<T>> {
  const log = (line: string) => console.log(line)
  const bastion = await mkdtemp(join(tmpdir(), 'bastion-'))
  const borrowed = borrowLab({ log, ...borrow })
  const end = async () => {
    await (await borrowed).giveBack()
    await rm(bastion, { recursive: true, force: true })
  }
  const lab = borrowed.then((one) => one.lab)
  try {
    const started = await start({ directory: join(cacheDirectory(), 'e2e'), bastion, lab, log }, lab)
    return { ...started, lab: await lab, close: () => started.stop().finally(end) }
  } catch (error) {
    await end()
    throw error
  }
}
