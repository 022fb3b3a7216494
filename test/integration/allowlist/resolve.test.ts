import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import Value from 'typebox/value'
import { resolveEndpoints } from '../../../installer/src/allowlist/resolve/resolve-endpoints.ts'
import { allowlist, endpoint } from '../../fixtures/allowlist.ts'
import { code } from '../../fixtures/code.ts'
import { nameServer } from '../../fixtures/name-server.ts'

const now = new Date('2026-11-30T10:00:00Z')

test('each host gets its addresses of both families with their TTL, once, in their order', async (t) => {
  const { address, asked } = await nameServer(t, {
    'registry.vendor.example': {
      addresses: { '203.0.113.9': 60, '203.0.113.10': 61, '2001:db8::10': 30, '2001:db8::9': 31 },
    },
    'alias.vendor.example': { alias: 'registry.vendor.example' },
  })
  const list = allowlist([
    endpoint({
      id: 'b',
      host: 'registry.vendor.example',
      addresses: [{ address: '198.51.100.1', ttl: 1 }],
      network: 'x',
    }),
    endpoint({ id: 'a', host: 'registry.vendor.example', port: 8443 }),
    endpoint({ id: 'c', host: 'alias.vendor.example' }),
    endpoint({ id: 'd', host: '198.51.100.7' }),
  ])
  const { list: made, warnings } = await resolveEndpoints(list, { servers: [address], now })
  assert.deepEqual(warnings, [])
  assert.ok(Value.Check(Allowlist, made))
  assert.equal(made.resolved, '2026-11-30T10:00:00.000Z')
  const addresses = [
    { address: '203.0.113.9', ttl: 60 },
    { address: '203.0.113.10', ttl: 61 },
    { address: '2001:db8::9', ttl: 31 },
    { address: '2001:db8::10', ttl: 30 },
  ]
  assert.deepEqual(
    made.endpoints.map(({ id, addresses, network }) => ({ id, addresses, network })),
    [
      { id: 'b', addresses, network: undefined },
      { id: 'a', addresses, network: undefined },
      { id: 'c', addresses, network: undefined },
      { id: 'd', addresses: undefined, network: undefined },
    ],
  )
  assert.deepEqual(asked.filter((question) => question === 'A registry.vendor.example').length, 1)
  assert.equal(list.endpoints[0]?.network, 'x', 'the list that was given is as it was')
})

test('a delivery network is told by what a host is an alias of, or by its name', async (t) => {
  const { address } = await nameServer(t, {
    'cdn.vendor.example': { alias: 'a.vendor.example' },
    'a.vendor.example': { alias: 'd1234.cloudfront.net' },
    'd1234.cloudfront.net': { addresses: { '203.0.113.1': 60 } },
    'production.cloudflare.docker.com': { addresses: { '203.0.113.2': 300 } },
    'bucket.s3.eu-west-1.amazonaws.com': { addresses: { '203.0.113.3': 5 } },
    'cloudfront.net.vendor.example': { addresses: { '203.0.113.4': 60 } },
    'notcloudfront.net': { addresses: { '203.0.113.5': 60 } },
  })
  const hosts = [
    'cdn.vendor.example',
    'production.cloudflare.docker.com',
    'bucket.s3.eu-west-1.amazonaws.com',
    'cloudfront.net.vendor.example',
    'notcloudfront.net',
  ]
  const { list, warnings } = await resolveEndpoints(allowlist(hosts.map((host) => endpoint({ host, id: host }))), {
    servers: [address],
    now,
  })
  const networks = ['Amazon CloudFront', 'Cloudflare', 'Amazon S3']
  assert.deepEqual(
    list.endpoints.map(({ network }) => network),
    [...networks, 'Amazon CloudFront', undefined],
  )
  assert.equal(warnings.length, 4)
  assert.match(
    warnings.join('\n'),
    /cdn\.vendor\.example \(cdn\.vendor\.example\): the addresses are of Amazon CloudFront: they change/,
  )
})

test('what is not found, not answered or not to be looked up is a warning with id and host, and no address of before is kept', async (t) => {
  const { address } = await nameServer(t, {
    'empty.example': {},
    'servfail.example': { rcode: 2 },
    'silent.example': { silent: true },
    'loop.example': { alias: 'loop.example' },
  })
  const before = [{ address: '198.51.100.1', ttl: 1 }]
  const hosts = ['none.example', 'empty.example', 'servfail.example', 'silent.example', 'loop.example']
  const entries = hosts.map((host) => endpoint({ host, id: `id-${host}`, addresses: before }))
  const wildcard = endpoint({ id: 'wild', host: 'cdn.example', match: 'below' })
  const { list, warnings } = await resolveEndpoints(allowlist([...entries, wildcard]), {
    servers: [address],
    now,
    timeout: 2000,
  })
  assert.ok(list.endpoints.every(({ addresses }) => addresses === undefined))
  const wanted = {
    'id-empty.example (empty.example)': /no addresses/,
    'id-loop.example (loop.example)': /./,
    'id-none.example (none.example)': /NXDOMAIN/,
    'id-servfail.example (servfail.example)': /SERVFAIL/,
    'id-silent.example (silent.example)': /in time/,
    'wild (**.cdn.example)': /open it by name/,
  }
  assert.deepEqual(
    warnings.map((warning) => warning.replace(/: .*/, '')),
    Object.keys(wanted),
  )
  for (const [i, says] of Object.values(wanted).entries()) assert.match(warnings[i] ?? '', says)
})

test('addresses of one family are enough, and it is said where the servers fail for the other', async (t) => {
  const addresses = { '2001:db8::1': 60 }
  const { address } = await nameServer(t, {
    'v6.example': { addresses },
    'half.example': { addresses, rcode: 2, only: 'A' },
  })
  const { list, warnings } = await resolveEndpoints(
    allowlist(['v6.example', 'half.example'].map((host) => endpoint({ host, id: host }))),
    { servers: [address], now },
  )
  for (const one of list.endpoints) assert.deepEqual(one.addresses, [{ address: '2001:db8::1', ttl: 60 }])
  assert.deepEqual(warnings, ['half.example (half.example): not all addresses: the name servers fail (SERVFAIL)'])
})

test('it ends with its signal, and takes no server that is none', async (t) => {
  const { address } = await nameServer(t, { 'silent.example': { silent: true } })
  const list = allowlist([endpoint({ host: 'silent.example' })])
  const start = performance.now()
  const signal = AbortSignal.timeout(100)
  await assert.rejects(resolveEndpoints(list, { servers: [address], now, signal }), (error) => error === signal.reason)
  assert.ok(performance.now() - start < 1900, 'before the name server has had its time')
  await assert.rejects(resolveEndpoints(list, { servers: ['dns.example'], now }), code('USAGE_ARGUMENTS'))
})
