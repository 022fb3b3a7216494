import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type ConfigOptions, VersionApi } from '@kubernetes/client-node'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import { createAuthority, issueCertificate } from '../../../installer/src/certificates/issue.ts'

const day = 86_400_000
const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
const authority = await createAuthority('API', ['localhost'], validity)
const pair = await issueCertificate(authority, ['localhost'], validity)

/** An API server that speaks HTTP/2 and HTTP/1.1, as Kubernetes' own does, and counts how it is connected to. */
async function apiServer(t: TestContext) {
  const seen = { connections: 0, versions: [] as string[] }
  const server = createSecureServer(
    { cert: pair.certificate, key: pair.key, allowHTTP1: true },
    (request, response) => {
      seen.versions.push(request.httpVersion)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ major: '1', minor: '34', gitVersion: 'v1.34.4' }))
    },
  )
  server.on('secureConnection', () => seen.connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { seen, server: `https://localhost:${(server.address() as AddressInfo).port}` }
}

const client = (cluster: object, user: object = { token: 'secret' }) => {
  const config = newKubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'c', ...cluster }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  } as unknown as ConfigOptions)
  return config
}

test('requests one after the other share connections, over HTTP/1.1', async (t) => {
  const { seen, server } = await apiServer(t)
  const api = client({ server, caData: Buffer.from(authority.certificate).toString('base64') }).makeApiClient(
    VersionApi,
  )
  for (let i = 0; i < 5; i++) assert.equal((await api.getCode()).gitVersion, 'v1.34.4')
  // the second may be sent before the first has been read to its end
  assert.ok(seen.connections <= 2, `${seen.connections} connections`)
  assert.deepEqual(seen.versions, Array(5).fill('1.1'))
})

test('whoever logs in with another certificate does not share it', async (t) => {
  const { seen, server } = await apiServer(t)
  const config = client({ server, caData: Buffer.from(authority.certificate).toString('base64') })
  await config.makeApiClient(VersionApi).getCode()
  const before = seen.connections
  const [own] = config.users
  Object.assign(own as object, {
    certData: Buffer.from(pair.certificate).toString('base64'),
    keyData: Buffer.from(pair.key).toString('base64'),
  })
  await config.makeApiClient(VersionApi).getCode()
  assert.ok(seen.connections > before)
})

test('neither a proxy nor a server that everybody trusts gets HTTP/2', () => {
  const server = 'https://localhost'
  const of = (cluster: object, agent: object) =>
    JSON.stringify(client({ server }).createDispatcherOptions({ server, ...cluster } as never, agent))
  assert.match(of({}, {}), /^{"type":"agent","connect":{.*"allowH2":false/)
  assert.match(of({}, { ca: 'x' }), /^{"type":"agent","connect":{"ca":"x".*"allowH2":false/)
  for (const proxyUrl of ['http://proxy', 'socks5://proxy'])
    assert.match(of({ proxyUrl }, { ca: 'x' }), /"requestTls":{"ca":"x","allowH2":false}/)
})
