import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { connectCluster } from '../../../../installer/src/cluster/connection.ts'
import { createAuthority, issueCertificate } from '../../../../installer/src/install/own-certificate.ts'

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

function kubeconfig(t: TestContext, server: string, ca?: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'kubeconfig-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const file = path.join(dir, 'config')
  const trust = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  const config = {
    clusters: [{ name: 'c', cluster: { server, ...trust } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'site', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'site',
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

async function failure(file: string): Promise<SealiftError> {
  const { core, request } = connectCluster({ kubeconfig: file }, new AbortController().signal)
  const error = await request('read namespace x', () => core.readNamespace({ name: 'x' })).then(
    () => assert.fail('it answered'),
    (e: SealiftError) => e,
  )
  assert.ok(!JSON.stringify([error.message, error.why, error.fix]).includes('secret-token'))
  assert.match(error.fix ?? '', new RegExp(`kubectl --kubeconfig ${file}`))
  return error
}

const authority = await createAuthority(['localhost'])
const credentials = await issueCertificate(authority, ['localhost'])
const trusted = (answer: RequestListener) =>
  createHttpsServer({ cert: credentials.certificate, key: credentials.key }, answer)
const trusting = (t: TestContext, port: number) => kubeconfig(t, `https://localhost:${port}`, authority.certificate)

const answering = (status: number, message: string) =>
  trusted((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', code: status, message }))
  })

test('a port where nobody listens is CLUSTER_UNREACHABLE and names the server', async (t) => {
  const server = createServer()
  const port = await listen(t, server)
  server.close()
  const error = await failure(trusting(t, port))
  assert.equal(error.code, 'CLUSTER_UNREACHABLE')
  assert.match(error.message, new RegExp(`https://localhost:${port}`))
  assert.match(error.why ?? '', /could not read namespace x: .*ECONNREFUSED/)
})

test('401 is CLUSTER_UNAUTHORIZED, 403 is CLUSTER_FORBIDDEN with the reason given, 500 is CLUSTER_REQUEST', async (t) => {
  for (const [status, code] of [
    [401, 'CLUSTER_UNAUTHORIZED'],
    [403, 'CLUSTER_FORBIDDEN'],
    [500, 'CLUSTER_REQUEST'],
  ] as const) {
    const port = await listen(t, answering(status, `because of ${status}`))
    const error = await failure(trusting(t, port))
    assert.equal(error.code, code)
    // the client drops the body of a 401
    if (status !== 401) assert.match(error.why ?? '', new RegExp(`because of ${status}`))
  }
})

test('a server with a certificate by another CA is CLUSTER_TLS', async (t) => {
  const by = await issueCertificate(await createAuthority(['localhost']), ['localhost'])
  const other = await createAuthority(['localhost'])
  const port = await listen(t, createHttpsServer({ cert: by.certificate, key: by.key }))
  const error = await failure(kubeconfig(t, `https://localhost:${port}`, other.certificate))
  assert.equal(error.code, 'CLUSTER_TLS')
  assert.match(error.why ?? '', /UNABLE_TO_|SELF_SIGNED/)
  assert.match(error.fix ?? '', /certificate-authority-data/)
})

test('a server whose certificate is for another name is CLUSTER_TLS', async (t) => {
  const ca = await createAuthority(['elsewhere.example'])
  const by = await issueCertificate(ca, ['elsewhere.example'])
  const port = await listen(t, createHttpsServer({ cert: by.certificate, key: by.key }))
  assert.equal((await failure(kubeconfig(t, `https://localhost:${port}`, ca.certificate))).code, 'CLUSTER_TLS')
})

test('a server that is busy is asked again', async (t) => {
  let asked = 0
  const server = trusted((_request, response) => {
    response.writeHead(++asked < 3 ? 503 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'x' } }))
  })
  const file = trusting(t, await listen(t, server))
  const { core, request } = connectCluster({ kubeconfig: file }, new AbortController().signal)
  const namespace = await request('read', () => core.readNamespace({ name: 'x' }))
  assert.deepEqual([namespace.metadata?.name, asked], ['x', 3])
})

test('an abort ends a request that hangs', async (t) => {
  const port = await listen(
    t,
    trusted(() => {}),
  )
  const stop = new AbortController()
  const { core, request } = connectCluster({ kubeconfig: trusting(t, port) }, stop.signal)
  const asking = request('read', () => core.readNamespace({ name: 'x' }))
  setTimeout(() => stop.abort(new Error('enough')), 50)
  await assert.rejects(asking, { message: 'enough' })
})

test('a kubeconfig that is missing, broken, without a cluster, without the context or without TLS is CLUSTER_KUBECONFIG', (t) => {
  const signal = new AbortController().signal
  const good = kubeconfig(t, 'https://127.0.0.1:1')
  const broken = path.join(path.dirname(good), 'broken')
  writeFileSync(broken, '{"clusters": [')
  const empty = path.join(path.dirname(good), 'empty')
  writeFileSync(empty, '{}')
  for (const address of [
    { kubeconfig: '/nowhere/config' },
    { kubeconfig: broken },
    { kubeconfig: empty },
    { kubeconfig: good, context: 'other' },
    { kubeconfig: kubeconfig(t, 'http://127.0.0.1:1') },
  ])
    assert.throws(() => connectCluster(address, signal), { code: 'CLUSTER_KUBECONFIG' })
})
