import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { beyond, costlyBundles, worst } from './costly-bundles.ts'

const child = fileURLToPath(new URL('costly-child.ts', import.meta.url))
const verbs = ['verify', 'inspect', 'serve', 'seed']

/** Does it in a process of its own. Seconds are those of its processors: other tests run beside it. */
async function costOf(verb: string, path: string): Promise<{ code?: string; seconds: number; megabytes: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, verb, path])
  return JSON.parse(stdout)
}

async function staysSmall(verb: string, path: string, code: string | undefined, most: number): Promise<void> {
  const cost = await costOf(verb, path)
  assert.equal(cost.code, code, verb)
  assert.ok(cost.seconds < 5, `${verb}: ${cost.seconds} s`)
  assert.ok(cost.megabytes < most, `${verb}: ${cost.megabytes} MB`)
}

for (const [what, [code, change]] of Object.entries(beyond))
  test(`${what}: refused before it costs`, async (t) => {
    const path = await (await costlyBundles(await temporaryDirectory(t))).make(change)
    for (const verb of verbs) await staysSmall(verb, path, code, 300)
  })

test('the most that a bundle may ask for stays small', async (t) => {
  const path = await (await costlyBundles(await temporaryDirectory(t))).make(worst)
  for (const verb of verbs) await staysSmall(verb, path, undefined, 400)
})
