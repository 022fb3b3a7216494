import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachOf } from '../../installer/src/allowlist/resolve/reach.ts'
import { resolveEndpoints } from '../../installer/src/allowlist/resolve/resolve-endpoints.ts'
import { allowlist, endpoint } from '../fixtures/allowlist.ts'
import { nameServer } from '../fixtures/name-server.ts'

const now = new Date('2026-11-30T10:00:00Z')
const times = (addresses: readonly string[]) => Object.fromEntries(addresses.map((address) => [address, 60]))

test('an outside name with addresses of inner networks (DNS rebinding) opens none of them', async (t) => {
  const inner = ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254', 'fe80::1', '64:ff9b::a00:1']
  const { address, asked } = await nameServer(t, { 'rebind.example': { addresses: times([...inner, '203.0.113.1']) } })
  const entries = [
    endpoint({ id: 'outside', host: 'rebind.example' }),
    endpoint({ id: 'site', host: 'rebind.example', at: 'site' }),
  ]
  const { list, warnings } = await resolveEndpoints(allowlist(entries), { servers: [address], now })
  assert.deepEqual(
    list.endpoints.map(({ addresses }) => addresses?.map((one) => one.address)),
    [['203.0.113.1'], ['10.0.0.1', '203.0.113.1', '64:ff9b::a00:1']],
  )
  assert.deepEqual(warnings, [
    'outside (rebind.example): answers were left out that nobody outside has: 10.0.0.1, 127.0.0.1, 169.254.169.254 and 4 more',
    'site (rebind.example): answers were left out that no host of a site has: 127.0.0.1, 169.254.169.254, ::1 and 2 more',
  ])
  assert.deepEqual(asked.sort(), ['A rebind.example', 'AAAA rebind.example', 'CNAME rebind.example'])
})

test('a name with nothing but inner addresses has none, and a time to live with its highest bit set is none', async (t) => {
  const { address } = await nameServer(t, {
    'inner.example': { addresses: times(['192.168.1.1']) },
    'ttl.example': { addresses: { '203.0.113.1': 0xffff_ffff } },
  })
  const { list } = await resolveEndpoints(
    allowlist(['inner.example', 'ttl.example'].map((host) => endpoint({ host, id: host }))),
    { servers: [address], now },
  )
  assert.equal(list.endpoints[0]?.addresses, undefined)
  assert.deepEqual(list.endpoints[1]?.addresses, [{ address: '203.0.113.1', ttl: 0 }])
})

test('of a host with hundreds of addresses the first 64 are kept, and it is said', async (t) => {
  const many = Array.from({ length: 200 }, (_, i) => `203.0.113.${i}`)
  const { address } = await nameServer(t, { 'many.example': { addresses: times(many) } })
  const { list, warnings } = await resolveEndpoints(allowlist([endpoint({ id: 'many', host: 'many.example' })]), {
    servers: [address],
    now,
  })
  assert.equal(list.endpoints[0]?.addresses?.length, 64)
  assert.equal(list.endpoints[0]?.addresses?.[63]?.address, '203.0.113.63')
  assert.deepEqual(warnings, ['many (many.example): the first 64 of 200 addresses are kept'])
})

test('aliases that go round, never end, or are no names stop after a few questions and print nothing of theirs', async (t) => {
  const endless = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`n${i}.example`, { alias: `n${i + 1}.example` }]),
  )
  const { address, asked } = await nameServer(t, {
    ...endless,
    'a.example': { alias: 'b.example' },
    'b.example': { alias: 'a.example' },
    'odd.example': { alias: '\u001b[31mx\n.cloudfront.net' },
  })
  const hosts = ['n0.example', 'a.example', 'odd.example']
  const { list, warnings } = await resolveEndpoints(allowlist(hosts.map((host) => endpoint({ host, id: host }))), {
    servers: [address],
    now,
    timeout: 2000,
  })
  assert.ok(asked.filter((question) => question.startsWith('CNAME')).length <= 12, asked.join('\n'))
  assert.ok(list.endpoints.every(({ network, addresses }) => network === undefined && addresses === undefined))
  assert.ok(warnings.every((warning) => /^[ -~]+$/.test(warning)))
})

test('what carries an address of an inner network reaches no further than that', () => {
  const reaches = {
    never: [
      '0.0.0.0',
      '169.254.0.1',
      '::',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      '2002:a9fe:a9fe::1',
      '224.0.0.1',
    ],
    machine: ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'],
    private: [
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '100.64.0.1',
      'fd12::1',
      '::ffff:192.168.0.1',
      '2002:c0a8:1::1',
    ],
    everybody: ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1', '64:ff9b::808:808', '203.0.113.1'],
  }
  for (const [reach, addresses] of Object.entries(reaches))
    for (const address of addresses) assert.equal(reachOf(address), reach, address)
})
