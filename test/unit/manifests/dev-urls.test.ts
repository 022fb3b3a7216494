import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devUrls, helm, named, objects, type Rendered } from './rendered-chart.ts'

const says = (words: RegExp) => (error: { why?: string }) => words.test(error.why ?? '')
const environment = (deployment: Rendered) =>
  Object.fromEntries(
    deployment.spec.template.spec.containers[0].env.map((one: { name: string; value?: string }) => [
      one.name,
      one.value,
    ]),
  )

test('the wildcard host leads to the envproxy under the certificate of the site, or its own', async () => {
  const all = await objects(devUrls)
  const { spec } = named(all, 'Ingress', 'cde-dev-urls')
  assert.deepEqual(spec.tls, [{ secretName: 'cde-tls', hosts: ['*.dev.example'] }])
  assert.equal(spec.rules[0].host, '*.dev.example')
  assert.deepEqual(
    spec.rules[0].http.paths.map((one: Rendered) => [one.path, one.backend.service.name]),
    [['/', 'cde-envproxy']],
  )
  for (const name of ['cde-manager', 'cde-envproxy']) {
    const { DEVURLS_HOST, ACCESS_URL } = environment(named(all, 'Deployment', name))
    assert.deepEqual([DEVURLS_HOST, ACCESS_URL], ['dev.example', 'https://cde.example'])
  }
  const tls = { ...devUrls.ingress.tls, devurlsHostSecretName: 'dev-tls' }
  const own = await objects({ ...devUrls, ingress: { ...devUrls.ingress, tls } })
  assert.equal(named(own, 'Ingress', 'cde-dev-urls').spec.tls[0].secretName, 'dev-tls')
  assert.equal(environment(named(own, 'Deployment', 'cde-ingress')).TLS_SECRETS, 'cde-tls,dev-tls')
  const secrets = named(own, 'Role', 'cde-ingress').rules.find((rule: Rendered) => rule.resources.includes('secrets'))
  assert.deepEqual(secrets.resourceNames, ['cde-tls', 'dev-tls'])
})

test('without a host for dev URLs nothing of them is there', async () => {
  const all = await objects({})
  assert.equal(
    all.some((object) => object.kind === 'Ingress' && object.metadata.name === 'cde-dev-urls'),
    false,
  )
  assert.equal(environment(named(all, 'Deployment', 'cde-envproxy')).DEVURLS_HOST, '')
})

test('a host that would make pages of workspaces pages of the site is refused, and so is plain HTTP', async () => {
  const at = (host: string, devurls: string) =>
    objects({ ingress: { ...devUrls.ingress, host }, devurls: { host: devurls } })
  await assert.rejects(at('cde.dev.example', 'dev.example'), says(/covers the platform's own host/))
  await assert.rejects(at('dev.example', 'dev.example'), says(/covers the platform's own host/))
  await assert.rejects(objects({ devurls: { host: 'dev.example' } }), says(/needs https/))
  for (const host of ['*.dev.example', 'example', 'Dev.example', 'dev.example.', 'a'.repeat(190)])
    await assert.rejects(at('cde.example', host), says(/devurls/), host)
})

test('helm finds nothing to say about a chart with dev URLs', async () => {
  assert.match(await helm(['lint', '--strict'], devUrls), /0 chart\(s\) failed/)
})

const editors = (host: string, more: object = {}) => ({ ...devUrls, devurls: { host: '' }, editors: { host }, ...more })

test('where names cannot be had, one host of all editors leads to the envproxy, under a certificate of its own or the site’s', async () => {
  const all = await objects(editors('ide.example'))
  const { spec } = named(all, 'Ingress', 'cde-editors')
  assert.deepEqual(spec.tls, [{ secretName: 'cde-tls', hosts: ['ide.example'] }])
  assert.deepEqual(
    spec.rules.map((rule: Rendered) => [rule.host, rule.http.paths.map((one: Rendered) => one.backend.service.name)]),
    [['ide.example', ['cde-envproxy']]],
  )
  for (const name of ['cde-manager', 'cde-envproxy']) {
    const { DEVURLS_HOST, EDITORS_HOST } = environment(named(all, 'Deployment', name))
    assert.deepEqual([DEVURLS_HOST, EDITORS_HOST], ['', 'ide.example'])
  }
  const tls = { ...devUrls.ingress.tls, editorsHostSecretName: 'ide-tls' }
  const own = await objects(editors('ide.example', { ingress: { ...devUrls.ingress, tls } }))
  assert.equal(named(own, 'Ingress', 'cde-editors').spec.tls[0].secretName, 'ide-tls')
  assert.equal(environment(named(own, 'Deployment', 'cde-ingress')).TLS_SECRETS, 'cde-tls,ide-tls')
  assert.match(await helm(['lint', '--strict'], editors('ide.example')), /0 chart\(s\) failed/)
})

test('a wildcard name is taken before the one host of all editors', async () => {
  const all = await objects({ ...devUrls, editors: { host: 'ide.example' } })
  assert.equal(named(all, 'Ingress', 'cde-editors'), undefined)
  const { DEVURLS_HOST, EDITORS_HOST } = environment(named(all, 'Deployment', 'cde-envproxy'))
  assert.deepEqual([DEVURLS_HOST, EDITORS_HOST], ['dev.example', ''])
})

test('a host of editors that is the site’s, or is confused with dev URLs, is refused', async () => {
  await assert.rejects(objects(editors('cde.example')), says(/editors.host covers the platform's own host/))
  const below = { ingress: { ...devUrls.ingress, host: 'cde.ide.example' } }
  await assert.rejects(objects(editors('ide.example', below)), says(/editors.host covers the platform's own host/))
  await assert.rejects(objects({ editors: { host: 'ide.example' } }), says(/editors.host needs https/))
  for (const [dev, ide] of [
    ['dev.example', 'dev.example'],
    ['dev.example', 'ide.dev.example'],
    ['dev.ide.example', 'ide.example'],
  ] as const)
    await assert.rejects(
      objects({ ...devUrls, devurls: { host: dev }, editors: { host: ide } }),
      says(/within one another/),
    )
  for (const host of ['*.ide.example', 'example', 'Ide.example', 'ide.example:8443'])
    await assert.rejects(objects(editors(host)), says(/editors/), host)
})
