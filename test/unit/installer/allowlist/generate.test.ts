import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { generateAllowlist, type SiteFacts } from '../../../../installer/src/allowlist/generate.ts'
import { readAllowlist } from '../../../../installer/src/allowlist/read.ts'
import { declaration, endpoint, release, site } from './facts.ts'

const shown = ({ list }: ReturnType<typeof generateAllowlist>) =>
  list.endpoints.map((one) => `${one.at} ${one.id} ${showAddress(one)}`)

test("a release's registries are in the list, Docker Hub at the host that is really asked", () => {
  const generated = generateAllowlist(release())
  assert.deepEqual(shown(generated), [
    'outside registry.registry-1.docker.io https://registry-1.docker.io:443/v2/',
    'outside registry.registry.vendor.example https://registry.vendor.example:443/v2/',
  ])
  const [hub, vendor] = generated.list.endpoints
  assert.deepEqual(
    [hub?.from, hub?.required, hub?.because],
    [['bastion', 'nodes'], true, { kind: 'image', name: 'postgres:17' }],
  )
  assert.match(vendor?.why ?? '', /manager, the chart$/)
})

test('the reason of a registry with many images is a sentence all the same', () => {
  const pulled = Array.from({ length: 300 }, (_, i) => ({
    kind: 'image' as const,
    name: `image-${i}`,
    reference: `r.example/i${i}:1`,
  }))
  const [one] = generateAllowlist({ ...release(), pulled }).list.endpoints
  assert.match(one?.why ?? '', /^.{10,200}$/)
  assert.match(one?.why ?? '', /image-0, .* and \d+ more$/)
})

const declared = [
  declaration({ id: 'oidc', value: 'oidc.issuer', from: ['pods', 'browsers'] }),
  declaration({ id: 'git', value: 'git.hosts', from: ['workspaces'], scheme: 'ssh' }),
  declaration({
    id: 'database',
    value: 'db.host',
    portValue: 'db.port',
    scheme: 'postgresql',
    when: { value: 'db.own', is: false },
  }),
  declaration({ id: 'dev-urls', value: 'dev.host', match: 'label', at: 'site' }),
  declaration({ id: 'gallery', url: 'https://open-vsx.org/vscode', feature: 'editor extensions', required: false }),
  declaration({
    id: 'metrics',
    url: 'https://*.telemetry.example',
    documented: 'https://docs.example/hosts',
    modes: ['connected'],
  }),
]

test('what a release declares follows the values: chart defaults first, those of a site over them', () => {
  const facts = release(
    { declared },
    { oidc: { issuer: '' }, db: { own: true, port: 5432 }, git: { hosts: ['github.com'] } },
  )
  const before = generateAllowlist({ ...facts, pulled: [] })
  assert.deepEqual(shown(before), [
    'outside gallery https://open-vsx.org:443/vscode',
    'outside git ssh://github.com:22',
    'outside metrics https://*.telemetry.example:443',
  ])
  assert.deepEqual(
    before.list.open?.map(({ id, value }) => [id, value]),
    [
      ['oidc', 'oidc.issuer'],
      ['dev-urls', 'dev.host'],
    ],
  )
  const values = {
    oidc: { issuer: 'https://login.bank.example:8443/realms/dev' },
    git: { hosts: ['github.com', 'git.bank.example:2222', 'https://gitlab.com'] },
    db: { own: false, host: 'db.bank.example', port: 6432 },
    dev: { host: 'dev.bank.example' },
  }
  const at = generateAllowlist(
    { ...facts, pulled: [] },
    site({ values, pulled: [], exempt: ['.bank.example', '10.0.0.0/8'] }),
  )
  assert.deepEqual(shown(at), [
    'site database postgresql://db.bank.example:6432',
    'site dev-urls https://*.dev.bank.example:443',
    'outside gallery https://open-vsx.org:443/vscode',
    'site git.git.bank.example.2222 ssh://git.bank.example:2222',
    'outside git.github.com.22 ssh://github.com:22',
    'outside git.gitlab.com https://gitlab.com:443',
    'site oidc https://login.bank.example:8443/realms/dev',
  ])
  assert.equal(at.list.open, undefined)
  assert.deepEqual(at.list.endpoints.find(({ id }) => id === 'oidc')?.because, { kind: 'value', name: 'oidc.issuer' })
})

test('a value that names no host is told, and what it holds is not', () => {
  const secret = 'https://user:sesame@login.example'
  const { list, refused } = generateAllowlist(
    { ...release({ declared }), pulled: [] },
    site({ pulled: [], values: { oidc: { issuer: secret } } }),
  )
  assert.deepEqual(refused, [{ id: 'oidc', value: 'oidc.issuer', why: 'it holds a user or a password' }])
  assert.doesNotMatch(JSON.stringify(list), /sesame/)
  for (const issuer of [
    'https://a b',
    'https://x\nevil',
    'gopher://x',
    'tcp://x',
    'https://*',
    '*.com',
    'https://x:0',
    'https://x:99999',
    'x/y z',
  ])
    assert.equal(
      generateAllowlist(release({ declared }), site({ pulled: [], values: { oidc: { issuer } } })).refused.length,
      1,
      JSON.stringify(issuer),
    )
})

const observed = [
  endpoint({
    id: 'token.auth.example',
    host: 'auth.example',
    known: { how: 'observed', on: '2026-11-30', after: 'registry.vendor.example' },
  }),
  endpoint({
    id: 'blob.cdn.example',
    host: 'cdn.example',
    known: { how: 'observed', on: '2026-11-30', after: 'auth.example' },
  }),
]

test('what was observed comes along where its registry is used, and not where a site has its own', () => {
  const facts = release({ endpoints: observed })
  assert.ok(shown(generateAllowlist(facts)).includes('outside blob.cdn.example https://cdn.example:443'))
  const pulled = [{ kind: 'image' as const, name: 'manager', reference: 'mirror.bank.example/cde/manager' }]
  assert.deepEqual(shown(generateAllowlist(facts, site({ pulled }))), [
    'outside registry.mirror.bank.example https://mirror.bank.example:443/v2/',
  ])
})

test('an air-gapped site has nothing outside, whatever the release and its values say', () => {
  const values = { oidc: { issuer: 'https://login.bank.example' }, git: { hosts: ['10.1.2.3'] } }
  const facts: Partial<SiteFacts> = {
    mode: 'airgapped',
    values,
    pulled: [{ kind: 'image', name: 'manager', reference: '10.0.0.1:5000/cde/manager' }],
    plainHttp: true,
  }
  assert.deepEqual(shown(generateAllowlist(release({ declared, endpoints: observed }), site(facts))), [
    'site git ssh://10.1.2.3:22',
    'site oidc https://login.bank.example:443',
    'site registry.10.0.0.1.5000 http://10.0.0.1:5000/v2/',
  ])
})

test('private addresses and names of one label are of the site; what its people need is in the list by the answers', () => {
  const outside = [
    'https://github.com',
    'ssh://git@github.com',
    'https://pypi.org/simple',
    '192.168.1.9',
    'intranet',
    'no host at all',
  ]
  const { list, refused } = generateAllowlist({ ...release(), pulled: [] }, site({ pulled: [], outside }))
  assert.deepEqual(
    list.endpoints.map((one) => `${one.at} ${one.id} ${one.because.name}`),
    [
      'site answer.192.168.1.9 outside[3]',
      'outside answer.github.com outside[0]',
      'outside answer.github.com.22 outside[1]',
      'site answer.intranet outside[4]',
      'outside answer.pypi.org outside[2]',
    ],
  )
  assert.deepEqual(
    refused.map(({ value }) => value),
    ['outside[5]'],
  )
})

test('an entry keeps the version since which it is there', () => {
  const known = endpoint({ id: 'registry.registry.vendor.example', since: '0.3.0', known: { how: 'derived' } })
  const { list } = generateAllowlist(release({ endpoints: [known] }))
  assert.deepEqual(
    list.endpoints.map(({ since }) => since),
    ['1.2.0', '0.3.0'],
  )
})

test('what is named twice is there once, and what only seems the same has an id of its own', () => {
  const outside = [
    'github.com',
    'https://github.com',
    'https://github.com/a',
    'a_b.example',
    'a-b.example',
    'https://github.com/a',
  ]
  const { list } = generateAllowlist({ ...release(), pulled: [] }, site({ pulled: [], outside }))
  assert.deepEqual(
    list.endpoints.map((one) => `${one.id} ${showAddress(one)}`),
    [
      'answer.a-b.example https://a_b.example:443',
      'answer.a-b.example-2 https://a-b.example:443',
      'answer.github.com https://github.com:443',
      'answer.github.com-2 https://github.com:443/a',
    ],
  )
  assert.deepEqual(readAllowlist(Buffer.from(JSON.stringify(list)), 'the list'), list)
})
