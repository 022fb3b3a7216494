import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import Value from 'typebox/value'
import { toEndpoints } from '../../../../installer/src/allowlist/observe/endpoints.ts'
import { commonPath, steadyDirectory, steadyPath } from '../../../../installer/src/allowlist/observe/paths.ts'
import type { Sighting } from '../../../../installer/src/allowlist/observe/sightings.ts'
import { endpoint } from '../../../fixtures/allowlist.ts'

const given = { on: '2026-11-30', since: '0.3.0', known: [] }
const sighting = (changes: Partial<Sighting> = {}): Sighting => ({
  scheme: 'https',
  host: 'auth.docker.io',
  port: 443,
  path: '/token',
  role: 'token',
  after: 'registry-1.docker.io',
  for: ['docker.io/cde/manager:1'],
  ...changes,
})

test('what was seen becomes entries of one host each, with the day and with what led there', () => {
  const [entry, ...others] = toEndpoints([sighting()], given)
  assert.deepEqual(others, [])
  assert.deepEqual(entry, {
    id: 'token.auth.docker.io',
    scheme: 'https',
    host: 'auth.docker.io',
    match: 'exact',
    port: 443,
    path: '/token',
    at: 'outside',
    from: ['nodes', 'bastion'],
    phases: ['install', 'run', 'upgrade'],
    modes: ['connected', 'restricted'],
    required: true,
    why: 'registry-1.docker.io wants a token from here for each pull: manager:1.',
    without: 'The registry answers 401 to every pull, although it can be reached.',
    since: '0.3.0',
    because: { kind: 'image', name: 'docker.io/cde/manager:1' },
    known: { how: 'observed', on: '2026-11-30', after: 'registry-1.docker.io' },
  })
})

test('every role, port, scheme and length gives a valid entry, and none has the id of another', () => {
  const long = `${'a'.repeat(60)}.`.repeat(4)
  const roles = ['registry', 'token', 'blob', 'redirect', 'download'] as const
  const hosts = ['a_b.example', 'a-b.example', '2001:db8::1', '10.0.0.7', 'localhost', `${long}com`, `${long}org`]
  const places = [
    { scheme: 'https', port: 443 },
    { scheme: 'https', port: 8443 },
    { scheme: 'http', port: 80 },
    { scheme: 'http', port: 443 },
  ] as const
  const names = ['x'.repeat(1000), 'b\u202e\n', ...Array.from({ length: 50 }, (_, i) => `r.example/i${i}:1`)]
  const sightings = roles.flatMap((role) =>
    hosts.flatMap((host) => places.map((place) => sighting({ role, host, ...place, after: `${long}net`, for: names }))),
  )
  const entries = toEndpoints(sightings, given)
  assert.equal(new Set(entries.map(({ id }) => id)).size, sightings.length)
  for (const entry of entries)
    assert.ok(Value.Check(Endpoint, entry), JSON.stringify([...Value.Errors(Endpoint, entry)]))
  assert.deepEqual(toEndpoints([...sightings].reverse(), given), entries, 'ids do not depend on the order')
  assert.deepEqual(
    new Set(entries.filter(({ at }) => at === 'site').map(({ host }) => host)),
    new Set(['10.0.0.7', 'localhost']),
  )
})

test('what an entry admits already is left out: the host, or one of a wildcard, at the same port and path', () => {
  const blob = sighting({ role: 'blob', host: 'x.cdn.example', path: '/bucket/sha256/' })
  const left = (...known: Parameters<typeof endpoint>[0][]) =>
    toEndpoints([blob], { ...given, known: known.map((one) => endpoint(one)) }).map(({ id }) => id)
  const all = ['blob.x.cdn.example']
  assert.deepEqual(left({ host: 'x.cdn.example' }), [])
  assert.deepEqual(left({ host: 'cdn.example', match: 'label' }), [])
  assert.deepEqual(left({ host: 'x.cdn.example', path: '/bucket/' }), [])
  assert.deepEqual(left({ host: 'x.cdn.example', path: '/v2/' }), all)
  assert.deepEqual(left({ host: 'cdn.example' }, { host: 'x.cdn.example', port: 8443 }), all)
  assert.deepEqual(left({ host: 'x.cdn.example', scheme: 'http', port: 80 }), all)
  assert.deepEqual(left({ id: 'blob.x.cdn.example', host: 'y.cdn.example' }), ['blob.x.cdn.example-observed'])
})

test('a name that nobody outside reaches is the site’s own where it was observed at the site, and no other', () => {
  const seen = [
    sighting({ inside: true }),
    sighting({ role: 'blob', inside: true }),
    sighting({ role: 'blob', after: 'b.example' }),
  ]
  const at = (atSite: boolean) => toEndpoints(seen, { ...given, atSite }).map((one) => `${one.id} ${one.at}`)
  assert.deepEqual(at(true), ['blob.auth.docker.io outside', 'token.auth.docker.io site'])
  assert.deepEqual(at(false), ['blob.auth.docker.io outside', 'token.auth.docker.io outside'])
})

test('a host to which two lead is one entry, for the images of both', () => {
  const [entry, ...others] = toEndpoints(
    [
      sighting({ role: 'blob', path: '/a/b/', after: 'z.example', for: ['z.example/a:1'] }),
      sighting({ role: 'blob', path: '/a/c/', after: 'b.example', for: ['b.example/a:1'] }),
    ],
    given,
  )
  assert.deepEqual(others, [])
  assert.equal(entry?.path, '/a/')
  assert.equal(entry?.known.after, 'b.example')
  assert.equal(entry?.because.name, 'b.example/a:1')
})

test('no path holds a digest, a signature or what else belongs to one request', () => {
  const hex = 'ab12'.repeat(16)
  const directories = {
    [`/registry-v2/docker/registry/v2/blobs/sha256/ab/${hex}/data`]: '/registry-v2/docker/registry/v2/blobs/sha256/',
    [`/ghcrblobs01/blobs/sha256:${hex}`]: '/ghcrblobs01/blobs/',
    '/8f14e45fceea167a5a36dedd4bea2543-k1/docker/data': '/',
    '/artifacts-downloads/namespaces/n/downloads/AFx9kPq2ZbT7uVwYc3LmNo/x':
      '/artifacts-downloads/namespaces/n/downloads/',
    '/files/0b5c1a2e-52bb-4d9a-9c7c-0123456789ab/x': '/files/',
    '/token=exp=1700000000~hmac=00/x/y': '/',
    '/a/%2e%2e/b': '/a/',
    '//x/y': '/',
    '/': '/',
  }
  for (const [path, directory] of Object.entries(directories)) assert.equal(steadyDirectory(path, hex), directory, path)
  assert.equal(steadyPath('/service/token'), '/service/token')
  assert.equal(steadyPath(`/tenants/${hex}/token`), '/tenants/')
  assert.equal(commonPath('/bucket-1/a/', '/bucket-2/a/'), '/')
  assert.equal(commonPath('/a/bc/', '/a/bd/'), '/a/')
  assert.equal(commonPath('/token', '/token'), '/token')
  assert.equal(commonPath('/a/b/', '/a/'), '/a/')
})
