import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { readPlacement } from '../../../services/manager/workspaces/placement.ts'
import { helm, named, objects, podsOf, type Rendered } from './rendered-chart.ts'

const tolerations = [{ key: 'pool', operator: 'Equal', value: 'cde', effect: 'NoSchedule' }]
const nodeSelector = { 'example.com/pool': 'cde' }
const environment = (all: Rendered[], name = 'cde-manager'): Record<string, string> =>
  Object.fromEntries(
    named(all, 'Deployment', name).spec.template.spec.containers[0].env.map((one: Rendered) => [one.name, one.value]),
  )

test("node selector and tolerations of the services are those of every pod of the chart, and not of workspaces'", async () => {
  const all = await objects({ nodeSelector, serviceTolerations: tolerations })
  assert.equal(podsOf(all).length, 5)
  for (const object of podsOf(all)) {
    const pod = object.spec.template.spec
    assert.deepEqual([pod.nodeSelector, pod.tolerations], [nodeSelector, tolerations], object.metadata.name)
  }
  assert.deepEqual(readPlacement(environment(all)), { nodeSelector: {}, tolerations: [], gpuResource: undefined })
})

test('where workspaces go reaches the manager as it reads it, and none of the services', async () => {
  const gpuResource = 'nvidia.com/gpu'
  const all = await objects({ environments: { nodeSelector, tolerations, gpuResource } })
  assert.deepEqual(readPlacement(environment(all)), { nodeSelector, tolerations, gpuResource })
  for (const object of podsOf(all)) {
    const pod = object.spec.template.spec
    assert.deepEqual([pod.nodeSelector, pod.tolerations], [undefined, undefined], object.metadata.name)
  }
})

test('a forward proxy reaches manager and workspaces, and what is of the cluster goes past it', async () => {
  const proxy = { http: 'http://proxy.site.example:3128', https: 'http://proxy.site.example:3129', exempt: ['.lan'] }
  const all = await objects({ proxy, ingress: { host: 'cde.site.example' } })
  const manager = environment(all)
  assert.equal(manager.NODE_USE_ENV_PROXY, '1')
  for (const prefix of ['', 'WORKSPACE_']) {
    assert.equal(manager[`${prefix}HTTP_PROXY`], proxy.http)
    assert.equal(manager[`${prefix}HTTPS_PROXY`], proxy.https)
    const exempt = manager[`${prefix}NO_PROXY`]?.split(',') ?? []
    for (const name of ['localhost', '127.0.0.1', '$(KUBERNETES_SERVICE_HOST)', '.svc', '.svc.cluster.local'])
      assert.ok(exempt.includes(name), name)
    for (const name of ['cde-envproxy', 'cde-ingress', 'cde.site.example', '.lan'])
      assert.ok(exempt.includes(name), name)
  }
  for (const name of ['cde-envproxy', 'cde-dashboard', 'cde-ingress'])
    assert.doesNotMatch(JSON.stringify(environment(all, name)), /proxy\.site/, name)
  const none = environment(await objects({ proxy: { exempt: ['.lan'] } }))
  assert.deepEqual(
    Object.keys(none).filter((name) => /PROXY$/.test(name)),
    [],
  )
})

test('the login to the proxy comes out of its secret, and stands in no URL of an object', async () => {
  const proxy = { http: 'http://proxy:3128', https: 'https://proxy', loginSecret: 'cde-proxy' }
  const all = await objects({ proxy })
  const env: { name: string; value?: string; valueFrom?: object }[] = named(all, 'Deployment', 'cde-manager').spec
    .template.spec.containers[0].env
  const login = env.findIndex(({ name }) => name === 'PROXY_LOGIN')
  assert.deepEqual(env[login]?.valueFrom, { secretKeyRef: { name: 'cde-proxy', key: 'login' } })
  const url = env.findIndex(({ name }) => name === 'HTTP_PROXY')
  // the kubelet puts in what stands before
  assert.ok(login < url)
  const manager = environment(all)
  assert.equal(manager.HTTP_PROXY, 'http://$(PROXY_LOGIN)@proxy:3128')
  assert.equal(manager.HTTPS_PROXY, 'https://$(PROXY_LOGIN)@proxy')
  assert.equal(manager.WORKSPACE_HTTPS_PROXY, proxy.https)
  assert.equal(manager.WORKSPACE_PROXY_LOGIN_SECRET, 'cde-proxy')
  const policy = (some: Rendered[]) =>
    JSON.stringify(some.find(({ kind }) => kind === 'ValidatingAdmissionPolicy')?.spec.validations)
  assert.match(
    policy(all),
    /valueFrom\) \|\|\\n +variable\.valueFrom\.\?secretKeyRef == optional\.of\(\{'name': 'cde-proxy', 'key': 'login'\}\)/,
  )
  assert.doesNotMatch(policy(await objects({})), /secretKeyRef/)
})

test('the CA of a proxy is trusted by manager and workspaces beside that of the site, with or without that one', async () => {
  for (const certs of [{}, { certs: { secret: 'cde-ca' } }]) {
    const all = await objects({ proxy: { https: 'http://proxy:3128', caSecret: 'cde-proxy' }, ...certs })
    const { NODE_EXTRA_CA_CERTS, WORKSPACE_CA_CONFIGMAP } = environment(all)
    assert.deepEqual(
      [NODE_EXTRA_CA_CERTS, WORKSPACE_CA_CONFIGMAP],
      ['/etc/cde/trusted/manager.crt', 'cde-workspace-ca'],
    )
    assert.ok(named(all, 'ConfigMap', 'cde-workspace-ca'))
    const { volumes } = named(all, 'Deployment', 'cde-manager').spec.template.spec
    assert.deepEqual(
      volumes.filter(({ name }: Rendered) => name === 'trusted'),
      [{ name: 'trusted', configMap: { name: 'cde-workspace-ca' } }],
    )
  }
})

test('Node, with what the chart sets, takes the proxy to the outside and not to the cluster', async (t) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.url}`)
    response.end()
  })
  server.on('connect', (request, socket) => {
    asked.push(`${request.url}`)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const proxy = { http, https: http, exempt: ['.lan'] }
  const chart = environment(await objects({ proxy, ingress: { host: 'cde.site.example' } }))
  const env = Object.fromEntries(Object.entries(chart).filter(([name]) => name.includes('PROXY')))
  const outside = ['https://login.example/token', 'http://out.example/']
  const inside = [
    'http://cde-envproxy:8080/healthz',
    'https://x.cde.svc/',
    'https://cde.site.example/',
    'https://x.lan/',
  ]
  const script = `for (const url of ${JSON.stringify([...outside, ...inside])}) await fetch(url).catch(() => {})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { env, stdio: 'ignore' })
  await once(child, 'exit')
  assert.deepEqual(asked, ['login.example:443', 'http://out.example/'])
})

test("manager and workspaces may reach the proxy's port, and nothing more for it", async () => {
  const egress = async (values: object, name: string) =>
    named(await objects({ networkPolicies: { workspaceEgress: [] }, ...values }), 'NetworkPolicy', name).spec.egress
  const proxy = { http: 'http://proxy:3128', https: 'http://proxy:3128/' }
  for (const name of ['cde-manager', 'cde-workspaces']) {
    const [before, after] = [await egress({}, name), await egress({ proxy }, name)]
    const more = after.filter(
      (rule: Rendered) => !before.some((one: Rendered) => JSON.stringify(one) === JSON.stringify(rule)),
    )
    assert.deepEqual(
      more.map(({ ports }: Rendered) => ports),
      [[{ protocol: 'TCP', port: 3128 }]],
      name,
    )
    const peers = [{ ipBlock: { cidr: '192.0.2.9/32' } }]
    const given = await egress({ proxy: { ...proxy, peers } }, name)
    assert.deepEqual(given.find(({ ports }: Rendered) => ports?.[0].port === 3128)?.to, peers)
  }
  const plain = await egress({ proxy: { https: 'https://proxy' } }, 'cde-workspaces')
  assert.ok(plain.some(({ ports }: Rendered) => ports?.length === 1 && ports[0].port === 443))
  assert.deepEqual(await egress({ proxy }, 'cde-envproxy'), await egress({}, 'cde-envproxy'))
})

test('a gallery of extensions reaches the manager, and its CA workspaces', async () => {
  const galleryCA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
  const gallery = 'https://10.0.0.5:5000/gallery'
  const all = await objects({ editors: { gallery, galleryCA } })
  const { EDITORS_GALLERY, WORKSPACE_CA_CONFIGMAP, NODE_EXTRA_CA_CERTS } = environment(all)
  assert.deepEqual([EDITORS_GALLERY, WORKSPACE_CA_CONFIGMAP], [gallery, 'cde-workspace-ca'])
  assert.equal(NODE_EXTRA_CA_CERTS, undefined, 'the manager has nothing to do with it')
  assert.deepEqual(named(all, 'ConfigMap', 'cde-workspace-ca').data, { 'ca.crt': galleryCA, 'manager.crt': '' })
  const policy = named(all, 'ValidatingAdmissionPolicy', 'cde-manager.cde')
  assert.match(JSON.stringify(policy.spec.validations), /cde-workspace-ca/, 'the manager may mount it')
  const none = await objects({})
  assert.equal(environment(none).EDITORS_GALLERY, undefined)
  assert.ok(!none.some(({ metadata }: Rendered) => metadata.name === 'cde-workspace-ca'))
})

for (const [what, values, field] of [
  ['a gallery that is no URL', { editors: { gallery: 'open-vsx.site.example' } }, /gallery/],
  ['a gallery with a password', { editors: { gallery: 'https://ada:secret@vsx.example' } }, /gallery/],
  ['a CA that is none', { editors: { galleryCA: '/etc/ca.crt' } }, /galleryCA/],
  [
    'a toleration without key and operator',
    { environments: { tolerations: [{ effect: 'NoSchedule' }] } },
    /tolerations/,
  ],
  ['an effect that is none', { serviceTolerations: [{ key: 'a', effect: 'Never' }] }, /serviceTolerations/],
  ['a field of a toleration that is none', { serviceTolerations: [{ key: 'a', effects: 'x' }] }, /effects/],
  ['a label that is none', { environments: { nodeSelector: { 'a b': 'c' } } }, /'a b'/],
  ['a label that is no text', { nodeSelector: { pool: 1 } }, /nodeSelector/],
  ['a resource without its domain', { environments: { gpuResource: 'gpu' } }, /gpuResource/],
  ['a proxy with a password', { proxy: { http: 'http://ada:secret@proxy:3128' } }, /proxy/],
  ['a proxy that is no URL', { proxy: { https: 'proxy:3128' } }, /proxy/],
] as const)
  test(`the schema refuses ${what}`, async () => {
    await assert.rejects(helm(['template', 'cde'], values), (error: Error & { why?: string }) => {
      assert.match(error.why ?? '', field)
      return true
    })
  })
