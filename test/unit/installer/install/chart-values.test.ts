import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Release } from '@sealift/bundle-spec/release.ts'
import Value from 'typebox/value'
import type { CompleteAnswers } from '../../../../installer/src/answers/schema.ts'
import { chartValues, siteRepository } from '../../../../installer/src/install/chart-values.ts'

const digest = `sha256:${'a'.repeat(64)}`
const key = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n'
const names = ['manager', 'envproxy', 'dashboard', 'postgres', 'ingress', 'workspace']
const release = {
  images: names.map((name) => ({ name, reference: `registry.example/cde/${name}:1.0.0`, digest, role: 'component' })),
  licenseKeys: [key, key],
} as unknown as Release

const answers = (over: Partial<CompleteAnswers> = {}): CompleteAnswers => ({
  apiVersion: 'sealift.dev/v1',
  kind: 'Answers',
  mode: 'airgapped',
  bundle: '/b',
  license: '/l',
  trust: ['/t'],
  namespace: 'cde',
  serviceType: 'LoadBalancer',
  registry: { kind: 'serve', address: '10.0.0.1:5000/site' },
  host: 'cde.example',
  ...over,
})

const schema = JSON.parse(
  readFileSync(new URL('../../../../manifests/chart/values.schema.json', import.meta.url), 'utf8'),
)

test('the values of the least and of all answers are ones that the chart accepts', () => {
  const full = answers({
    registry: { kind: 'seed', address: 'r.example', username: 'u', passwordFile: '/p' },
    storageClass: 'fast',
    devUrlsHost: 'dev.example',
    people: 700,
    replicas: { manager: 2, envproxy: 3, dashboard: 4, ingress: 5 },
    database: {
      host: 'db.site.example',
      port: 6432,
      user: 'u',
      database: 'd',
      passwordFile: '/p',
      sslMode: 'verify-full',
      caFile: '/c',
    },
    proxy: {
      http: 'http://proxy.site.example:3128',
      https: 'http://proxy.site.example:3128',
      exempt: ['.site.example'],
      loginFile: '/login',
      caFile: '/ca',
    },
    serviceType: 'NodePort',
    values: { logging: { level: 'debug' }, ingress: { annotations: { a: 'b' } }, manager: { resources: {} } },
  })
  for (const values of [chartValues(answers(), release, false), chartValues(full, release, true)])
    assert.deepEqual(Value.Errors(schema, values), [])
})

test('a proxy comes with whom the site reaches without it, and with the names of secrets in place of files', () => {
  const url = 'http://proxy.site.example:3128'
  const given = answers({
    ...{ mode: 'restricted', registry: { kind: 'existing', address: 'harbor.site.example:5000/mirror' } },
    ...{ devUrlsHost: 'dev.example', database: { host: '10.0.0.5', passwordFile: '/p' } },
    proxy: { https: url, exempt: ['git.site.example'], loginFile: '/login', caFile: '/ca' },
  })
  assert.deepEqual(chartValues(given, release, true).proxy, {
    https: url,
    exempt: [given.host, 'dev.example', '.dev.example', 'harbor.site.example', '10.0.0.5', 'git.site.example'],
    loginSecret: 'cde-proxy',
    caSecret: 'cde-proxy',
  })
  assert.equal(chartValues(answers(), release, true).proxy, undefined)
})

test('dev URLs are as the answers say, under the one certificate, or not there at all', () => {
  const values = chartValues(answers({ devUrlsHost: 'dev.example' }), release, true)
  assert.deepEqual(values.devurls, { host: 'dev.example' })
  assert.equal(chartValues(answers(), release, true).devurls, undefined)
})

test('so is the host of all editors', () => {
  const values = chartValues(answers({ editorsHost: 'ide.example' }), release, true)
  assert.deepEqual([values.editors, values.devurls], [{ host: 'ide.example' }, undefined])
  assert.deepEqual(Value.Errors(schema, values), [])
})

test('extensions that are served with the images are the gallery of editors, unless the site names another or none', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
  const carried = { ...release, extensions: [{ name: 'hello' }] } as unknown as Release
  const served = { kind: 'serve', address: '10.0.0.1:5000' } as const
  const editors = (over: Partial<CompleteAnswers> = {}, of = carried, ca: string | undefined = `# CA\n${pem}`) => {
    const values = chartValues(answers({ registry: served, ...over }), of, false, ca)
    assert.deepEqual(Value.Errors(schema, values), [])
    return values.editors
  }
  const gallery = 'https://10.0.0.1:5000/gallery'
  assert.deepEqual(editors(), { gallery, galleryCA: pem })
  assert.deepEqual(editors({ editorsHost: 'ide.example' }), { host: 'ide.example', gallery, galleryCA: pem })
  assert.deepEqual(editors({}, carried, ''), { gallery })
  assert.equal(editors({}, release), undefined, 'no extensions')
  assert.equal(editors({ registry: { ...served, kind: 'seed' } }), undefined, 'a registry has no gallery')
  assert.equal(editors({ registry: { ...served, plainHttp: true } }), undefined, 'nobody proves who it is')
  assert.equal(editors({ registry: { ...served, address: '10.0.0.1:5000/path' } }), undefined)
  for (const own of ['https://vsx.site.example', ''])
    assert.deepEqual(editors({ values: { editors: { gallery: own } } }), { gallery: own })
})

test('a database of the site is named with the secrets that the installer makes, and no file of this machine', () => {
  const database = { host: 'db.site.example', passwordFile: '/p', port: 6432 }
  const values = (more: object) => chartValues(answers({ database: { ...database, ...more } }), release, true).postgres
  const all = { useDefault: false, host: 'db.site.example', port: 6432, passwordSecret: 'cde-database' }
  assert.deepEqual(values({}), all)
  assert.deepEqual(values({ caFile: '/c' }), { ...all, caSecret: 'cde-database' })
  assert.equal(chartValues(answers(), release, true).postgres, undefined)
})

test('replicas follow from the people, where the answers do not say them', () => {
  const sizes = (over: Partial<CompleteAnswers>) => {
    const values = chartValues(answers(over), release, true)
    const { manager, envproxy, dashboard, ingress } = values as Record<string, { [key: string]: unknown } | undefined>
    return [manager?.replicas, envproxy?.replicas, dashboard?.replicas, ingress?.controller]
  }
  assert.deepEqual(sizes({}), [undefined, undefined, undefined, undefined])
  assert.deepEqual(sizes({ people: 20 }), [1, 1, 1, { replicas: 1 }])
  assert.deepEqual(sizes({ people: 700 }), [2, 3, 2, { replicas: 2 }])
  assert.deepEqual(sizes({ people: 700, replicas: { envproxy: 5, ingress: 1 } }), [2, 5, 2, { replicas: 1 }])
})

test('images are named by digest at the site, under the path that the vendor gave them', () => {
  const values = chartValues(answers(), release, true)
  assert.deepEqual((values.images as Record<string, unknown>).manager, { repository: 'cde/manager', tag: '', digest })
  assert.deepEqual(values.image, { registry: '10.0.0.1:5000/site' })
  assert.equal(
    siteRepository('registry.example/cde/manager:1.0.0', '10.0.0.1:5000/site'),
    '10.0.0.1:5000/site/cde/manager',
  )
})

test('the pull secret is named only where the registry has a user', () => {
  const registry = { kind: 'existing', address: 'r.example', username: 'u', passwordFile: '/p' } as const
  assert.deepEqual(chartValues(answers(), release, true).imagePullSecrets, [])
  assert.deepEqual(chartValues(answers({ registry }), release, true).imagePullSecrets, ['cde-registry'])
})

test('values of the site are put in beside what answers decide, never over it', () => {
  const put = (values: Record<string, unknown>) => chartValues(answers({ values }), release, true)
  assert.deepEqual(put({ manager: { resources: { x: 1 } } }).manager, {
    accessURL: 'https://cde.example',
    resources: { x: 1 },
  })
  for (const [field, values] of [
    ['mode', { mode: 'connected' }],
    ['image.registry', { image: { registry: 'elsewhere.example' } }],
    ['images.manager.digest', { images: { manager: { digest: `sha256:${'b'.repeat(64)}` } } }],
    ['license.keys', { license: { keys: 'mine' } }],
    ['images', { images: null }],
  ] as const)
    assert.throws(() => put(values), { code: 'USAGE_ANSWERS', message: `values.${field} is decided by other answers` })
})

test('the major version of PostgreSQL is never kept from the values of an older release', () => {
  const put = (postgres: unknown) => chartValues(answers({ values: { postgres } }), release, true).postgres
  assert.deepEqual(put({ storage: '20Gi' }), { storage: '20Gi' })
  assert.throws(() => put({ major: 15, storage: '20Gi' }), { code: 'USAGE_ANSWERS', message: /decided by the release/ })
  assert.throws(() => put({ isPlan: true }), { code: 'USAGE_ANSWERS', message: /postgres\.isPlan is decided/ })
})
