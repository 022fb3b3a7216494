import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import Value from 'typebox/value'
import { emptyDraft, setAnswer } from '../../../../installer/src/answers/draft.ts'
import { faultOf, faultsOf } from '../../../../installer/src/answers/fault.ts'
import { formats } from '../../../../installer/src/answers/formats/formats.ts'
import { Answers } from '../../../../installer/src/answers/schema.ts'
import { anyAnswers, runs } from './any-answers.ts'

const good = {
  apiVersion: 'sealift.dev/v1',
  kind: 'Answers',
  mode: 'airgapped',
  bundle: 'cde.bundle',
  license: 'my.license',
  trust: ['vendor.pub'],
  registry: { kind: 'serve', address: '10.0.0.1:5000' },
  host: 'cde.site.example',
}

/** What somebody may type or paste into a field, what is said of it, and what is offered. */
const cases: Record<string, [text: string, message: RegExp, fix?: string | RegExp][]> = {
  '/host': [
    ['', /is empty/],
    ['https://cde.site.example/', /is a URL/, 'did you mean "cde.site.example"?'],
    ['HTTPS://CDE.Site.example:8443/login?x#y', /is a URL/, 'did you mean "cde.site.example"?'],
    ['https://ann:secret@cde.site.example', /is a URL/, 'did you mean "cde.site.example"?'],
    ['cde.site.example/login', /has a path/, 'did you mean "cde.site.example"?'],
    ['cde.site.example:443', /has a port/, 'did you mean "cde.site.example"?'],
    [' cde.site.example', /space at its beginning or end/, 'did you mean "cde.site.example"?'],
    ['cde.site.example\n', /cannot be seen/],
    ['cde site.example', /has a space in it/, /^lower-case letters, digits and -/],
    ['CDE.site.example', /upper-case/, 'did you mean "cde.site.example"?'],
    ['cde.site.example.', /ends with a dot/, 'did you mean "cde.site.example"?'],
    ['*.site.example', /begins with \*\./, 'did you mean "site.example"?'],
    ['bücher.example', /letters other than a to z/, 'did you mean "xn--bcher-kva.example"?'],
    ['例え.テスト', /letters other than a to z/, 'did you mean "xn--r8jz45g.xn--zckzah"?'],
    ['ｃｄｅ.example', /letters other than a to z/, 'did you mean "cde.example"?'],
    ['cde\u200b.example', /letters other than a to z/, 'did you mean "cde.example"?'],
    ['cde_1.example', /underscore/, /^lower-case/],
    ['cde!.example', /a character that names of hosts have not/],
    ['cde..example', /dot with nothing before/],
    ['.example', /dot with nothing before/],
    ['-cde.example', /begins or ends with -/],
    ['cde-.example', /begins or ends with -/],
    [`${'a'.repeat(64)}.example`, /more than 63/],
    [`${'a.'.repeat(130)}example`, /more than 253/],
    ['10.0.0.5', /is an address, not a name/, /^lower-case/],
    ['10.0.0.5:443', /is an address, not a name/],
    ['2001:db8::1', /is an address, not a name/],
    ['[2001:db8::1]:443', /is an address, not a name/],
    ['::1', /is an address, not a name/],
    ['cde.123', /last part is a number/],
    ['admin@site.example', /names a user/, 'did you mean "site.example"?'],
  ],
  '/devUrlsHost': [
    ['*.dev.site.example', /begins with \*\./, 'did you mean "dev.site.example"?'],
    ['dev', /one part only/],
    [`${'a.'.repeat(95)}example`, /more than 189/],
  ],
  '/registry/address': [
    ['https://registry.example:5000/', /is a URL/, 'did you mean "registry.example:5000"?'],
    ['http://u:secret@registry.example/mirror/v2/', /is a URL/, 'did you mean "registry.example/mirror"?'],
    ['Registry.example', /upper-case/, 'did you mean "registry.example"?'],
    ['registry.example/', /ends with \//, 'did you mean "registry.example"?'],
    ['registry.example/cde/manager:1.0', /names a tag/, 'did you mean "registry.example/cde/manager"?'],
    ['registry.example/x@sha256:abc', /names an image/, 'did you mean "registry.example/x"?'],
    ['registry.example:99999', /above 65535/, /^host\[:port\]/],
    ['fd00::5', /without brackets/, 'did you mean "[fd00::5]"?'],
    ['registry .example', /space in it/],
    ['ann@registry.example', /names a user/, 'did you mean "registry.example"?'],
    ['registry', /path at docker\.io/, /^host\[:port\]/],
    ['registry/mirror', /path at docker\.io/],
    ['regißtry.example', /not the address of a registry/],
  ],
  '/namespace': [
    ['CDE', /upper-case/, 'did you mean "cde"?'],
    ['my_cde', /other than a to z/, 'did you mean "my-cde"?'],
    ['my cde', /other than a to z/, 'did you mean "my-cde"?'],
    ['-cde', /begins or ends with -/],
    ['a'.repeat(64), /more than 63/],
    ['kube-system', /are for Kubernetes itself/],
  ],
  '/database/host': [
    ['postgres://cde:secret@db.site.example:5432/cde', /is a URL/, 'did you mean "db.site.example"?'],
    ['db.site.example:5432', /that has a field of its own/, 'did you mean "db.site.example"?'],
    ['DB.site.example', /upper-case/, 'did you mean "db.site.example"?'],
    ['10.0.0.300', /last part is a number/, /^a host name or an address/],
    ['10.0.0.7:5432', /that has a field of its own/, 'did you mean "10.0.0.7"?'],
  ],
  '/proxy/http': [
    ['proxy.site.example:3128', /does not begin with http/, 'did you mean "http://proxy.site.example:3128"?'],
    [
      'http://ann:secret@proxy.site.example:3128',
      /user or a password/,
      'did you mean "http://proxy.site.example:3128"?',
    ],
    ['socks5://proxy.site.example', /another kind/, /^as in/],
    ['http://proxy.site.example/proxy.pac', /has a path/, 'did you mean "http://proxy.site.example"?'],
    ['http://', /not a URL/],
    ['HTTP://proxy.site.example', /does not begin/, 'did you mean "http://proxy.site.example"?'],
  ],
  '/release': [
    ['', /names neither version nor digest|is empty/],
    [
      'https://registry.vendor.example/cde/release:0.1.0',
      /is a URL/,
      'did you mean "registry.vendor.example/cde/release:0.1.0"?',
    ],
    [
      'oci://registry.vendor.example/cde/release:0.1.0',
      /is a URL/,
      'did you mean "registry.vendor.example/cde/release:0.1.0"?',
    ],
    [
      'ann:secret@registry.vendor.example/cde/release:0.1.0',
      /names a user/,
      'did you mean "registry.vendor.example/cde/release:0.1.0"?',
    ],
    [
      'Registry.vendor.example/CDE/release:0.1.0-RC',
      /upper-case/,
      'did you mean "registry.vendor.example/cde/release:0.1.0-RC"?',
    ],
    ['registry.vendor.example/cde/release', /neither version nor digest/, /^HOST/],
    ['registry.vendor.example/cde/release:0.1.0+x', /not one that a tag can be/],
    ['registry.vendor.example/cde/release@sha256:abc', /its digest is not/],
    ['cde/release:0.1.0', /names no host/],
    ['release:0.1.0', /names no host/],
    ['/media/usb/cde-0.1.0.bundle', /is a file/],
    ['registry.vendor.example /cde:1', /space in it/],
  ],
  '/bundle': [
    ['', /is empty/],
    ['~/cde.bundle', /only a shell/],
    ['"C:\\cde.bundle"', /in quotes/, 'did you mean "C:\\cde.bundle"?'],
    ['file:///media/usb/cde.bundle', /is a URL/, 'did you mean "/media/usb/cde.bundle"?'],
    ['https://vendor.example/cde.bundle', /has to be on this machine/],
    ['cde\0.bundle', /cannot be seen/],
    ['cde\ud800.bundle', /cannot be seen/],
    ['x'.repeat(5000), /more than 4096/],
  ],
}

for (const [pointer, texts] of Object.entries(cases))
  test(`what is typed into ${pointer} and can't be taken is explained at the field`, () => {
    for (const [text, message, fix] of texts) {
      const fault = faultOf(setAnswer(good, pointer, text), pointer)
      assert.match(fault?.message ?? 'nothing', message, text)
      if (typeof fix === 'string') assert.equal(fault?.fix, fix, text)
      else assert.match(fault?.fix ?? '', fix ?? /./, text)
      assert.doesNotMatch(`${fault?.message}${fault?.fix}`, /secret|\^|\\\./, text)
    }
  })

test('what each field takes is taken', () => {
  const taken: Record<string, string[]> = {
    '/host': ['cde', 'cde.site.example', 'xn--bcher-kva.example', '1.example', 'a-b.c', `${'a'.repeat(63)}.example`],
    '/devUrlsHost': ['dev.site.example'],
    '/registry/address': [
      '10.0.0.5:5000',
      '[fd00::5]:5000/mirror',
      'registry:443',
      'localhost/s',
      'r.example:65535/a/b__c',
    ],
    '/namespace': ['cde', '0', 'a'.repeat(63)],
    '/database/host': ['db', 'db.site.example', '10.0.0.7', 'fd00::7'],
    '/proxy/https': ['http://proxy.site.example:3128', 'https://10.0.0.1/', 'http://[fd00::7]:3128'],
    '/release': ['r.example/cde:1', `localhost:5000/a/b:1.0.0_x@sha256:${'0'.repeat(64)}`],
    '/bundle': ['cde.bundle', '/media/USB DISK/cde.bundle', './~x', 'ä.bundle'],
  }
  const { bundle: _, ...rest } = good
  const fromRegistry = { ...rest, registry: { ...good.registry, kind: 'existing' } }
  for (const [pointer, texts] of Object.entries(taken))
    for (const text of texts)
      assert.equal(
        faultOf(setAnswer(pointer === '/release' ? fromRegistry : good, pointer, text), pointer),
        undefined,
        text,
      )
})

test('a release comes from a file or from a registry, and without a file nothing can be served or seeded', () => {
  const { bundle: _, ...none } = good
  const told = (draft: object) => faultsOf(draft).map(({ pointer, message }) => `${pointer} ${message}`)
  const release = 'registry.vendor.example/cde/release:0.1.0'
  const registry = (kind: string) => ({ kind, address: 'registry.vendor.example' })
  assert.deepEqual(told({ ...none, release, registry: registry('existing') }), [])
  assert.deepEqual(told(none), ['/bundle it is missing'])
  assert.match(told({ ...good, release }).join(), /^\/release a bundle file is named too/)
  for (const kind of ['serve', 'seed'])
    assert.match(told({ ...none, release, registry: registry(kind) }).join(), /^\/registry\/kind it cannot be s/)
})

test('all faults are told: fields that do not exist first, then in the order of the schema, then what does not fit together', () => {
  const faults = faultsOf({
    ...good,
    host: 'CDE.example',
    trust: ['a', 7],
    registry: { kind: 'server', username: 'u' },
    licence: 'x',
    replicas: { manager: 0.5, envproxy: 51 },
    devUrlsHost: 'cde.example',
  })
  assert.deepEqual(
    faults.map(({ pointer, message }) => [pointer, message]),
    [
      ['/licence', 'there is no such field'],
      ['/trust/1', 'it must be text'],
      ['/registry/kind', 'it must be one of: serve, existing, seed'],
      ['/registry/address', 'it is missing'],
      ['/host', 'it has upper-case letters'],
      ['/replicas/manager', 'it must be a whole number'],
      ['/replicas/envproxy', 'it must be from 1 to 50'],
      [
        '/registry/passwordFile',
        'it is missing: the user of the registry and the file with the password belong together',
      ],
    ],
  )
  assert.equal(faultOf({ ...good, trust: ['a', 7] }, '/trust')?.pointer, '/trust/1')
  assert.equal(faultOf(good, '/host'), undefined)
})

test('heaps of fields that do not exist take no time to speak of', () => {
  const heap = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, 1]))
  const started = process.cpuUsage()
  assert.equal(faultsOf({ ...good, ...heap }).length, 20)
  const { user } = process.cpuUsage(started)
  assert.ok(user < 1_000_000, `${user} us`)
})

test('a begun draft lacks what must be answered, and nothing else is wrong with it', () => {
  assert.deepEqual(
    faultsOf(emptyDraft).map(({ pointer, message }) => `${pointer} ${message}`),
    ['/trust', '/license', '/registry/address', '/host', '/bundle'].map((pointer) => `${pointer} it is missing`),
  )
  assert.deepEqual(
    faultsOf(setAnswer(good, '/tls', true)).map(({ pointer }) => pointer),
    ['/tls/certFile', '/tls/keyFile'],
  )
})

test('hosts at which workspaces would answer as the site are faults of their own fields', () => {
  const pointers = (more: object) => faultsOf({ ...good, ...more }).map(({ pointer }) => pointer)
  assert.deepEqual(pointers({ devUrlsHost: 'site.example', editorsHost: 'ide.example' }), ['/devUrlsHost'])
  assert.deepEqual(pointers({ devUrlsHost: 'dev.example', editorsHost: 'site.example' }), ['/editorsHost'])
  assert.deepEqual(pointers({ devUrlsHost: 'dev.example', editorsHost: 'ide.dev.example' }), ['/editorsHost'])
})

test('who signed the certificate of a database must be known', () => {
  const database = { host: 'db.site.example', passwordFile: 'password' }
  const pointers = (more: object) => faultsOf({ ...good, ...more }).map(({ pointer }) => pointer)
  assert.deepEqual(pointers({ database }), ['/database/caFile'])
  const tls = { certFile: 'cde.crt', keyFile: 'cde.key' }
  for (const more of [
    { database: { ...database, caFile: 'ca.crt' } },
    { database: { ...database, sslMode: 'disable' } },
    { database, tls },
  ])
    assert.deepEqual(pointers(more), [])
})

test('a check to ignore has the form of an id', () => {
  assert.deepEqual(faultsOf({ ...good, ignore: ['network-policy'] }), [])
  assert.deepEqual(faultsOf({ ...good, ignore: ['Network Policy'] }), [
    { pointer: '/ignore/0', message: 'it is not the id of a check', fix: 'did you mean "network-policy"?' },
  ])
})

test('chart values are JSON that can be written', () => {
  const say = (values: unknown) => faultOf({ ...good, values }, '/values')?.message
  assert.equal(say({ a: [null, true, 1.5, 'x\ny', { b: {} }] }), undefined)
  assert.match(say('logging: {}') ?? '', /group of fields/)
  assert.match(say([]) ?? '', /group of fields/)
  assert.match(say(JSON.parse('{"a": {"__proto__": 1}}')) ?? '', /__proto__/)
  assert.match(say({ a: '\ud800' }) ?? '', /not Unicode/)
  assert.match(say({ a: Number.NaN }) ?? '', /number that is none/)
  let deep: unknown = 1
  for (let i = 0; i < 100_000; i++) deep = { deep }
  assert.match(say({ deep }) ?? '', /nested more than 64/)
})

test('nothing passes that the schema refuses, and what it allows has no faults', () => {
  fc.assert(
    fc.property(anyAnswers, (answers) => assert.deepEqual(faultsOf(answers), [])),
    runs(200),
  )
  const mutated = fc.tuple(anyAnswers, fc.nat(), fc.jsonValue()).map(([answers, at, value]) => {
    const copy = structuredClone(answers) as Record<string, unknown>
    const keys = Object.keys(copy)
    copy[keys[at % keys.length] as string] = value
    return copy
  })
  fc.assert(
    fc.property(fc.oneof(mutated, fc.jsonValue()), (value) => {
      if (!Value.Check(Answers, value)) assert.notDeepEqual(faultsOf(value), [])
    }),
    runs(500),
  )
})

test('whatever text comes, what is offered instead is taken and can be printed', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[a-zA-Z0-9.:/@*_ [\]-]{0,40}$/),
    fc.stringMatching(/^[a-z]{2,6}:\/\/[^\s]{0,40}$/),
  )
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(formats)), texts, (format, text) => {
      const fault = format(text)
      const guess = /^did you mean "(.*)"\?$/s.exec(fault?.fix ?? '')?.[1]
      if (guess !== undefined) assert.equal(format(guess), undefined)
    }),
    runs(2000),
  )
})
