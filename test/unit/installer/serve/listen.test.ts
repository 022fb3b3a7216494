import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachableNames, readAddress, writeAddress } from '../../../../installer/src/serve/listen.ts'
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
