import { availableParallelism } from 'node:os'
import { alternate, type Bench, jobOf } from '../bench.ts'
import { words } from '../contestant.ts'
import { storedBlob } from '../floor.ts'
import { measure } from '../measure.ts'
import { resultOf } from '../results.ts'
import { verifyScript } from '../sealift.ts'
import { fail } from './build.ts'

/** Proof of every byte, against SHA-256 over the same blobs with one openssl for each, on all cores, largest first. */
export async function verifyRow(bench: Bench): Promise<void> {
  const files = bench.corpus.blobs.map(({ digest }) => storedBlob(bench.sourceDirectory)(digest))
  const openssl = `printf '%s\\n' ${words(...files)} | xargs -P ${availableParallelism()} -n 1 openssl dgst -sha256`
  const all = [
    { name: 'sealift', script: verifyScript(bench.ours), note: 'signature, layout, every byte' },
    { name: 'openssl', script: openssl, note: 'floor: SHA-256 of each blob, a process each, on all cores' },
  ]
  await alternate(
    all,
    // the first round warms the page cache
    bench.runs + 1,
    async ({ name, script, note }, round) => {
      const result = resultOf(bench.results, 'verify', name)
      result.note = note
      const usage = await measure(jobOf(bench, { name }, script))
      if (round > 0) result.runs.push(usage)
      bench.log(`verify  ${name}  ${usage.seconds.toFixed(2)} s`)
    },
    ({ name }, error) => fail(bench, 'verify', name, error),
  )
}
