import type { Purpose } from './lab/packages.ts'

export interface Suite {
  name: string
  files: string[]
  /** files that run side by side */
  concurrency: number
  /** milliseconds for one file */
  timeout: number
  /** Makes ready what the suite needs; what it returns says why the suite can't run here. */
  prepare?: () => Promise<string | undefined>
  /** Takes away what `prepare` or the files brought up for all of them. */
  finish?: () => Promise<void>
}

const minute = 60_000

export const suites: readonly Suite[] = [
  { name: 'unit', files: ['test/unit/**/*.test.ts'], concurrency: 2, timeout: 3 * minute },
  { name: 'hostile', files: ['test/hostile/**/*.test.ts'], concurrency: 2, timeout: 5 * minute },
  {
    name: 'integration',
    files: ['test/integration/**/*.test.ts'],
    concurrency: 2,
    timeout: 10 * minute,
    prepare: () => packages('integration', 'browser'),
  },
  { name: 'e2e', files: ['test/e2e/**/*.test.ts'], concurrency: 1, timeout: 40 * minute, ...site() },
]

async function packages(...wanted: Purpose[]): Promise<string | undefined> {
  const { ensurePackages } = await import('./lab/packages.ts')
  return await ensurePackages(...wanted).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

/** The lab: files bring it up when they need it; it is taken down afterwards unless it was there before. */
function site(): Pick<Suite, 'prepare' | 'finish'> {
  let wasThere = true
  return {
    async prepare() {
      const { obstacle } = await import('./lab/obstacle.ts')
      const reason = (await obstacle()) ?? (await packages('lab', 'images', 'integration', 'browser'))
      if (reason !== undefined) return reason
      const { status } = await import('./lab/lab.ts')
      wasThere = (await status()).state === 'running'
      return undefined
    },
    async finish() {
      const { down } = await import('./lab/lab.ts')
      if (!wasThere) await down()
    },
  }
}
