import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { ownAddress } from '../../../../installer/src/serve/own-address.ts'

test('the address of this machine is that from which it reaches another, never loopback', async () => {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
  for (const towards of [undefined, '127.0.0.1', 'nobody.invalid', ...own]) {
    const found = await ownAddress(towards)
    assert.ok(found === undefined ? own.length === 0 : own.includes(found), `${towards}: ${found}`)
    if (towards !== undefined && own.includes(towards) && !towards.startsWith('fe80')) assert.equal(found, towards)
  }
})
