import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { nftables } from '../../../installer/src/allowlist/formats/nftables.ts'
import { allowlist, allowlists, endpoint } from '../../fixtures/allowlist.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'

test('nft takes whatever list there is, with the chain that the text proposes too', async (t) => {
  const file = join(await temporaryDirectory(t), 'allowlist.nft')
  const list = allowlist([endpoint(), endpoint({ id: 'looked-up', addresses: [{ address: '192.0.2.1', ttl: 60 }] })])
  for (const one of [allowlist([]), list, ...fc.sample(allowlists, { seed: 13, numRuns: 6 })]) {
    const { text } = nftables.write(one)
    await writeFile(file, text)
    await run('nft', ['--check', '--file', file])
    const proposed = /^# +(chain forward \{.*\})$/m.exec(text)?.[1] ?? ''
    assert.match(proposed, /jump listed/)
    await writeFile(file, text.replace(/\}\n$/, `    ${proposed}\n}\n`))
    await run('nft', ['--check', '--file', file])
  }
})
