import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTrusted, trustedProxies } from '../../../services/trusted-proxies.ts'

test('addresses within the given CIDRs are believed, also written as IPv4 within IPv6, and no others', () => {
  const proxies = trustedProxies(readTrusted(' 10.1.0.0/16, 192.0.2.1,fd00:1::/64 ,'))
  for (const address of ['10.1.255.1', '::ffff:10.1.2.3', '192.0.2.1', 'fd00:1::abcd', 'FD00:1:0:0:0::1'])
    assert.ok(proxies.has(address), address)
  for (const address of [
    '10.2.0.1',
    '::ffff:10.2.0.1',
    '192.0.2.2',
    'fd00:1:0:1::1',
    '127.0.0.1',
    '::1',
    '',
    'x',
    '10.1.0.1, 6.6.6.6',
  ])
    assert.ok(!proxies.has(address), address)
  assert.ok(!trustedProxies(readTrusted('')).has('127.0.0.1'), 'nobody unless told')
})

test('a name stands for the addresses that it leads to now', async (t) => {
  let answer: () => Promise<string[]> = async () => ['10.0.0.1', 'fd00::1']
  const warnings: object[] = []
  const log = { warn: (details: object) => warnings.push(details) }
  const proxies = trustedProxies(readTrusted('ingress-pods.cde.svc.cluster.local.'), { log, resolve: () => answer() })
  t.after(() => proxies.close())
  assert.ok(!proxies.has('10.0.0.1'), 'not before it was looked up')
  await proxies.look()
  assert.ok(proxies.has('10.0.0.1') && proxies.has('::ffff:10.0.0.1') && proxies.has('fd00::1'))
  answer = async () => ['10.0.0.2']
  await proxies.look()
  assert.deepEqual([proxies.has('10.0.0.1'), proxies.has('10.0.0.2')], [false, true])
  answer = () => Promise.reject(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' }))
  await proxies.look()
  assert.ok(proxies.has('10.0.0.2'), 'DNS is away, the pods are not')
  assert.equal(warnings.length, 1)
  answer = () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' }))
  await proxies.look()
  assert.ok(!proxies.has('10.0.0.2'), 'there are no such pods')
})

for (const entry of ['10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/', 'fd00::/x', '-a', 'a b', '1.2.3.4:80', '*'])
  test(`refused in TRUSTED_PROXIES: ${entry}`, () => {
    assert.throws(() => readTrusted(entry), /^Error: TRUSTED_PROXIES: .* is neither a CIDR/)
  })
