import type { Purpose } from './lab/packages.ts'

export interface Suite {
  name: string
  files: string[]
  /** files that run side by side */
  concurrency: number
  /** milliseconds for one file */
  timeout: number
  /** parts of the paths of those that take longest: they start first, so that none of them runs alone at the end */
  longest?: readonly string[]
  /** Makes ready what the suite needs; what it returns says why the suite can't run here. */
  prepare?: () => Promise<string | undefined>
  /** Takes away what `prepare` or the files brought up for all of them. */
  finish?: () => Promise<void>
}

const minute = 60_000

export const suites: readonly Suite[] = [
  { name: 'unit', files: ['test/unit/**/*.test.ts'], concurrency: 2, timeout: 3 * minute },
  {
    name: 'hostile',
    files: ['test/hostile/**/*.test.ts'],
    concurrency: 2,
    timeout: 15 * minute,
    longest: ['fuzz.test'],
  },
  {
    name: 'integration',
    files: ['test/integration/**/*.test.ts'],
    concurrency: 2,
    timeout: 10 * minute,
    prepare: () => packages('integration', 'proxy', 'browser'),
  },
  {
    name: 'e2e',
    files: ['test/e2e/**/*.test.ts'],
    concurrency: 2,
    timeout: 40 * minute,
    longest: ['e2e/wizard', 'e2e/main-job', 'e2e/users-day', 'e2e/upgrade'],
    ...site(),
  },
]

async function packages(...wanted: Purpose[]): Promise<string | undefined> {
  const { ensurePackages } = await import('./lab/packages.ts')
  return await ensurePackages(...wanted).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

/** Labs: files borrow them, and hand them on to each other. */
function site(): Pick<Suite, 'prepare' | 'finish'> {
  return {
    async prepare() {
      const { obstacle } = await import('./lab/obstacle.ts')
      const reason = (await obstacle()) ?? (await packages('lab', 'images', 'integration', 'browser'))
      if (reason !== undefined) return reason
      const { handOn } = await import('./lab/borrow.ts')
      process.env[handOn] = '1'
      return undefined
    },
    async finish() {
      const { endBorrowing } = await import('./lab/borrow.ts')
      await endBorrowing()
    },
  }
}
