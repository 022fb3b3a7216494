import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { type Ended, isTooMuch, most, runCases } from './children.ts'
import { makeGood } from './good.ts'
import { caseOf, kinds } from './kinds.ts'
import { layOut, readGood } from './place.ts'
import { runProcess } from './processes.ts'

/**
 * Every kind of input that comes from outside, made wrong in every way, read by the commands that read it: none of them fails
 * as a defect of our own, or takes much time or memory. PROPERTY_SEED makes other inputs, FUZZ_INPUTS another number of
 * them; FUZZ_KIND=NAME leaves the other kinds out, and FUZZ_CASE=NUMBER tries one case alone.
 */
const seed = Number(process.env.PROPERTY_SEED ?? '1')
const inputs = Number(process.env.FUZZ_INPUTS ?? '10000')
const { FUZZ_KIND: ofKind, FUZZ_CASE: only } = process.env
const shares = Object.values(kinds).reduce((sum, { share }) => sum + share, 0)
/** of each kind these many are tried as people do, too: in a process of its own */
const apart = 3

test('no input is taken for a defect of ours, and none costs much', async (t) => {
  assert.equal(shares, 10_000)
  const directory = await temporaryDirectory(t)
  const [good, work] = [join(directory, 'good'), join(directory, 'work')]
  await mkdir(good)
  await mkdir(work)
  await makeGood(good)
  const known = readGood(good)
  const chosen = Object.entries(kinds).filter(([kind]) => ofKind === undefined || kind === ofKind)
  for (const [kind, { share }] of chosen)
    await t.test(kind, async (t) => {
      const [from, to] = only ? [Number(only), Number(only) + 1] : [0, Math.ceil((share * inputs) / shares)]
      const start = performance.now()
      const { ended, unfit } = await runCases({ good, work, kind, seed, from, to })
      t.diagnostic(`${ended.length} in ${Math.round(performance.now() - start)} ms; ${costs(ended)}`)
      const wrong = ended.filter((one) => one.why !== undefined || isTooMuch(one))
      assert.equal(wrong.length, 0, said(kind, wrong))
      assert.deepEqual(unfit, [], 'what is good is taken')
      assert.equal(ended.length, to - from)
      for (const { number, exitCode } of ended.filter(({ number }) => number < from + apart)) {
        const place = join(directory, `${kind} ${number}`)
        const words = await layOut(caseOf(kind, seed, number, known), known, place)
        const real = await runProcess(words, place)
        assert.equal(real.exitCode, exitCode, `${numbered(kind, number)}: ${real.stderr}`)
        assert.ok(real.memory < most.memory, `${numbered(kind, number)}: ${real.memory} bytes`)
      }
    })
})

const numbered = (kind: string, number: number): string =>
  `PROPERTY_SEED=${seed} FUZZ_KIND=${JSON.stringify(kind)} FUZZ_CASE=${number}`

function costs(ended: readonly Ended[]): string {
  const slowest = Math.max(...ended.map(({ ms }) => ms))
  const largest = Math.max(...ended.map(({ memory }) => memory))
  return `at most ${Math.round(slowest)} ms, and ${Math.round(largest / 1e6)} MB`
}

/** The first few of what went wrong, each of another sort, and how one is tried again. */
function said(kind: string, wrong: readonly Ended[]): string {
  const sorts = Map.groupBy(wrong, ({ why, cut }) => cut ?? /\n\s+at [^\n]*/.exec(why ?? '')?.[0] ?? 'too much')
  const some = [...sorts.values()].slice(0, 8).flatMap((sort) => sort.slice(0, 1))
  return [
    `${wrong.length} inputs, of ${sorts.size} sorts`,
    ...some.map(
      (one) => `${numbered(kind, one.number)}: sealift ${one.words.join(' ')}
ended with ${one.exitCode}; ${costs([one])}
${one.why ?? one.cut ?? 'which is too much'}`,
    ),
  ].join('\n\n')
}
