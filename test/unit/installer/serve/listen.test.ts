import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { assertFree, reachableNames, readAddress, writeAddress } from '../../../../installer/src/serve/listen.ts'
import { serveBundles } from '../../../../installer/src/serve/serve.ts'
import { code } from '../../../fixtures/code.ts'

test('an address is a host and a port', () => {
  assert.deepEqual(readAddress('10.0.0.5:5000', '--listen'), { host: '10.0.0.5', port: 5000 })
  assert.deepEqual(readAddress('[fd00::1]:0', '--listen'), { host: 'fd00::1', port: 0 })
  assert.equal(writeAddress({ host: 'fd00::1', port: 5 }), '[fd00::1]:5')
  for (const odd of ['10.0.0.5', ':5000', 'fd00::1:5000', 'a:70000', 'a b:1', '[x]:1'])
    assert.throws(() => readAddress(odd, '--listen'), code('USAGE_LISTEN'), odd)
})

test('an address that means all interfaces needs a name that clients use', () => {
  for (const host of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0']) {
    assert.throws(() => reachableNames(host, []), code('USAGE_NAME'), host)
    assert.deepEqual(reachableNames(host, ['registry.site.example']), ['registry.site.example'])
    assert.deepEqual(reachableNames(host, [], true), [host], 'a given certificate has its own names')
  }
  assert.deepEqual(reachableNames('10.0.0.5', ['a.example']), ['10.0.0.5', 'a.example'])
})

test('what cannot be listened on is said to be so, each with what helps', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  for (const [host, at, helps] of [
    ['127.0.0.1', port, /ss -ltnp 'sport = :\d+'/],
    ['192.0.2.1', 5000, /does not have the address 192\.0\.2\.1.*ip -brief address/],
    ['registry.invalid', 5000, /nobody knows the name registry\.invalid.*--name registry\.invalid/],
  ] as const)
    await assert.rejects(assertFree({ host, port: at }), ({ code, fix = '' }: SealiftError) => {
      assert.deepEqual([code, helps.test(fix)], ['USAGE_LISTEN', true], fix)
      return true
    })
  await assertFree({ host: '127.0.0.1', port: 0 })
  const nothing = { paths: ['/none'], access: () => assert.fail('read'), log: { info() {}, error() {} } }
  const listen = { host: '127.0.0.1', port }
  await assert.rejects(serveBundles({ ...nothing, listen }), code('USAGE_LISTEN'), 'before bundles of hours are read')
})
