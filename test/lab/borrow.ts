import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultStateDir } from '../../installer/src/install/open.ts'
import { type Release, tryLock } from '../../manifests/images/lock.ts'
import { makeBare, rememberBare } from './bare.ts'
import { down, type Lab, up } from './lab.ts'
import { labState } from './state.ts'

/** more than there are files that run side by side */
const names = ['e2e-1', 'e2e-2', 'e2e-3', 'e2e-4']

/** Set while files hand their labs on; whoever sets it calls `endBorrowing`. */
export const handOn = 'SEALIFT_HAND_LABS_ON'

export type BorrowedLab = {
  lab: Lab
  /** Ends all that runs in it: the next file gets it bare, or, where none will, it is taken down. */
  giveBack: () => Promise<void>
}

export type BorrowOptions = {
  /** whether its node may have no image yet: then it is made anew */
  fresh?: boolean
  log?: (line: string) => void
}

/**
 * A lab for this process alone, as bare as a new one: a new one, or one that another file gave back. One that was not given
 * back (its file was killed), did not become bare or is broken is made anew.
 */
export async function borrowLab({ fresh = false, log = console.log }: BorrowOptions = {}): Promise<BorrowedLab> {
  const { name, release } = await freeName()
  const options = { name, log }
  const given = join(labState(name).directory, 'given-back')
  const anew = async () => {
    const lab = await up({ ...options, fresh: true })
    await rememberBare(lab)
    return lab
  }
  try {
    const known = existsSync(given) && !fresh ? await up(options) : undefined
    await rm(given, { force: true })
    const lab = known?.reused ? known : await anew()
    // what an installation in it left on this machine
    await rm(defaultStateDir({ kubeconfig: lab.kubeconfig, namespace: 'cde' }), { recursive: true, force: true })
    return {
      lab,
      async giveBack() {
        if (process.env[handOn] === undefined) await down({ name })
        else
          await makeBare(lab).then(
            () => writeFile(given, ''),
            (error: Error) => log(`lab ${name} does not become bare: ${error.message}`),
          )
        await release()
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

async function freeName(): Promise<{ name: string; release: Release }> {
  for (; ; await sleep(250))
    for (const name of names) {
      const release = await tryLock(lockOf(name))
      if (release) return { name, release }
    }
}

const lockOf = (name: string) => `borrowed ${labState(name).directory}`

/** Takes down the labs that nobody has borrowed. */
export async function endBorrowing(): Promise<void> {
  for (const name of names) {
    const release = await tryLock(lockOf(name))
    if (!release) continue
    await down({ name })
    await release()
  }
}
