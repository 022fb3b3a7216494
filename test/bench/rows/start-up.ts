import { alternate, type Bench, jobOf } from '../bench.ts'
import { words } from '../contestant.ts'
import { measure } from '../measure.ts'
import { resultOf } from '../results.ts'
import { fail } from './build.ts'

/** How long a process takes to do nothing: `--help` of ours, the version of a peer, and Node itself. */
export async function startUpRow(bench: Bench): Promise<void> {
  const all = [
    ...bench.contestants.flatMap(({ name, help }) => (help ? [{ name, script: help }] : [])),
    { name: 'node', script: `${words(process.execPath)} -e 0` },
  ]
  await alternate(
    all,
    Math.max(bench.runs, 5) + 1,
    async ({ name, script }, round) => {
      const usage = await measure(jobOf(bench, { name }, script))
      if (round > 0) resultOf(bench.results, 'start-up', name).runs.push(usage)
    },
    ({ name }, error) => fail(bench, 'start-up', name, error),
  )
}
