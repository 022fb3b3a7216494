import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { takeLock } from './lock.ts'

/** milliseconds that a run which is about to end is waited for: one that was killed still lets its last bytes arrive */
const patience = 20_000

/**
 * Takes the lock of a state directory, so that no two runs work with one. Returns what gives it back. `worker` is what
 * the lock is for, in the error; `name` is its file.
 * @throws SealiftError USAGE_LOCKED, STORAGE_STATE
 */
export async function lockState(
  stateDir: string,
  worker = 'another installation',
  wait = patience,
  name = 'lock',
): Promise<() => void> {
  return await takeLock(stateDir, name, {
    create: true,
    patience: wait,
    busy: (holder) =>
      new SealiftError(
        'USAGE_LOCKED',
        `${worker} is at work here${holder === undefined ? '' : ` (process ${holder})`}`,
        {
          why: `it holds ${stateDir}/${name}`,
          fix: holder === undefined ? 'wait for it' : `wait for it, or end it: kill ${holder}`,
        },
      ),
  }).catch((cause) => {
    if (cause instanceof SealiftError) throw cause
    throw unusableState(stateDir, cause)
  })
}

/** What is said of a state directory that can't be written to. */
export const unusableState = (stateDir: string, cause: unknown): SealiftError =>
  new SealiftError('STORAGE_STATE', `the state directory ${stateDir} cannot be used`, {
    why: (cause as Error).message,
    fix: 'name another one: --state DIR',
    cause,
  })
