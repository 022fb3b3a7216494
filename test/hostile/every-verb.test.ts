import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { reportFailure } from '../../installer/src/cli/report.ts'
import { faults, oddities } from './bundle-faults/all.ts'
import { manager } from './bundle-faults/change.ts'
import { depths, site, verbs } from './bundle-verbs.ts'

/** What a person reads on stderr, and the exit code. */
function shown(error: unknown): { lines: string[]; exitCode: number } {
  const { write } = process.stderr
  let said = ''
  process.stderr.write = ((text: string) => {
    said += text
    return true
  }) as typeof write
  try {
    const exitCode = reportFailure(error, false)
    return { lines: said.trimEnd().split('\n'), exitCode }
  } finally {
    process.stderr.write = write
  }
}

for (const [what, depth, code, spoil] of faults)
  test(`${what}: refused by every command that looks so far into a bundle`, { timeout: 60_000 }, async (t) => {
    const one = await site(t)
    await spoil(one)
    for (const [name, verb] of Object.entries(verbs)) {
      const sees = depths.indexOf(verb.depth) >= depths.indexOf(depth)
      const failure = await verb.run(one).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (!sees) continue
      assert.ok(failure instanceof SealiftError, `${name}: ${failure}`)
      assert.equal(failure.code, code, `${name}: ${failure.message}`)
      const { lines, exitCode } = shown(failure)
      assert.equal(exitCode, 3, name)
      assert.ok(lines.length >= 1 && lines.length <= 6, lines.join('\n'))
    }
    assert.equal(one.fake.manifests.size, 0, 'nothing got a name in the registry')
  })

test('a good bundle is taken by every command, and an address in a descriptor is asked by none', async (t) => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end()
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const urls = [`http://127.0.0.1:${(server.address() as AddressInfo).port}/layer`]
  const one = await site(t)
  await manager(() => ({ urls }))(one)
  for (const { run } of Object.values(verbs)) await run(one)
  assert.ok(one.fake.manifests.size > 0)
  assert.equal(asked, 0)
})

for (const [what, change] of oddities)
  test(`${what}, rare and right, is taken by every command`, async (t) => {
    const one = await site(t)
    await change(one)
    for (const { run } of Object.values(verbs)) await run(one)
    assert.ok(one.fake.manifests.size > 0)
  })
