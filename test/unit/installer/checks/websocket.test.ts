import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ingressAddressCheck } from '../../../../installer/src/checks/ingress-address.ts'
import { websocket } from '../../../../installer/src/checks/websocket.ts'
import { createAuthority, issueCertificate } from '../../../../installer/src/install/own-certificate.ts'
import { standInObjects } from '../../../../installer/src/install/stand-in.ts'
import { standInMark } from '../../../../installer/src/install/stand-in-program.ts'
import { named, objects, ownIngress } from '../../manifests/rendered-chart.ts'
import { assertFound, node, site } from './site.ts'

const host = 'cde.example'
const front = '/api/v1/namespaces/cde-front-probe'
const pair = await issueCertificate(await createAuthority([host]), [host])

const foreign = { ...ownIngress, ingress: { ...ownIngress.ingress, host, tls: { enabled: false } } }
const soon = { address: 0, way: 0 }

/** Answers 426 to requests, and `upgrade` to WebSockets but the first `lost` ones, as what is marked or not. Returns the port. */
async function door(t: TestContext, upgrade: string, mark?: string, lost = 0): Promise<number> {
  const headers = mark === undefined ? {} : { [mark]: 'here' }
  const server = createServer({ key: pair.key, cert: pair.certificate }, (_, response) =>
    response.writeHead(426, headers).end(),
  )
  const line = mark === undefined ? '' : `${mark}: here\r\n`
  let seen = 0
  server.on('upgrade', (_, socket) => {
    if (seen++ < lost) socket.destroy()
    else socket.write(`HTTP/1.1 ${upgrade}\r\nupgrade: websocket\r\nconnection: upgrade\r\n${line}\r\nhi`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const service = (port: number) => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'cde', name: 'cde-ingress' } },
  spec: { type: 'LoadBalancer', selector: { app: 'ingress' }, ports: [{ name: 'https', port, targetPort: 'https' }] },
})
const address = { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } }

/** A site whose load balancer leads to a port at once. */
async function balanced(t: TestContext, port: number, context: object = {}) {
  const here = await site(t, {}, { objects: async () => [service(port)], status: async () => undefined, ...context })
  const image = { name: 'manager', reference: 'registry.example/cde/manager:1', digest: 'sha256:a' }
  Object.assign(here.context.bundle.release, { images: [image] })
  here.nodes(node('a'))
  here.fake.runPod = () => ({ phase: 'Running' })
  here.fake.before = (call) => {
    const path = `${front}/services/cde-ingress`
    const there = here.objects.get(path)
    if (call === `GET ${path}` && there) here.put(path, { ...there, status: address })
  }
  return here
}

test('a stand-in is reached as the platform will be, and nothing stays of it', async (t) => {
  const { look, objects: kept, calls } = await balanced(t, await door(t, '101 Switching Protocols', standInMark))
  assertFound(await look(ingressAddressCheck(soon)), 'passed', /^127\.0\.0\.1:\d+$/)
  assertFound(await look(websocket), 'passed', /^at 127\.0\.0\.1:\d+$/)
  assert.ok(calls.includes(`DELETE ${front}/services/cde-ingress`))
  assert.ok(kept.get(front)?.metadata?.deletionTimestamp)
})

test('what does not pass WebSockets on stops an installation', async (t) => {
  const { look } = await balanced(t, await door(t, '400 Bad Request', standInMark))
  assertFound(await look(ingressAddressCheck(soon)), 'passed', /^127\.0\.0\.1:\d+$/)
  const stopped = /requests come through 127\.0\.0\.1:\d+, but WebSockets do not: status 400/
  assertFound(await look(websocket), 'error', stopped, 'CLUSTER_WEBSOCKET')
})

test('a way on which WebSockets come a moment later than requests is waited for', async (t) => {
  const { look } = await balanced(t, await door(t, '101 Switching Protocols', standInMark, 1))
  assertFound(await look(ingressAddressCheck({ address: 0, way: 20_000 })), 'passed', /^127\.0\.0\.1:\d+$/)
  assertFound(await look(websocket), 'passed', /^at 127\.0\.0\.1:\d+$/)
})

test('of a platform that is there already no trial is made', async (t) => {
  const { look, put, calls } = await balanced(t, 1, { status: async () => ({ status: 'deployed' }) })
  put('/api/v1/namespaces/cde')
  put('/api/v1/namespaces/cde/services/cde-ingress', {
    ...service(await door(t, '401 Unauthorized')),
    status: address,
  })
  assertFound(await look(ingressAddressCheck(soon)), 'passed', /^127\.0\.0\.1:\d+$/)
  assertFound(await look(websocket), 'passed', /^at 127\.0\.0\.1:\d+$/)
  assert.deepEqual(
    calls.filter((call) => !call.startsWith('GET')),
    [],
  )
})

test('a stand-in that does not start says nothing of what leads to it', async (t) => {
  const { look, fake } = await balanced(t, 1)
  fake.runPod = () => ({ phase: 'Failed' })
  assertFound(await look(ingressAddressCheck(soon)), 'skipped', /did not start/)
  assertFound(await look(websocket), 'skipped', /nothing was reached/)
})

test('an address that nobody gives is warned of, and one that leads elsewhere stops an installation', async (t) => {
  const { look, fake } = await balanced(t, 1)
  const check = ingressAddressCheck(soon)
  assertFound(await look(check), 'error', /does not lead to the pod .*ECONNREFUSED/, 'CLUSTER_INGRESS')
  fake.before = () => {}
  assertFound(await look(check), 'warning', /no load balancer gave an address/, 'CLUSTER_LOAD_BALANCER')
  const named = { objects: async () => await objects({ ...foreign, serviceType: 'ClusterIP' }) }
  const unknown = await balanced(t, 1, named)
  assertFound(await unknown.look(check), 'skipped', /DNS has no address for cde\.example yet/)
})

test('what leads to the stand-in is what the chart has, in another namespace', async () => {
  const where = { namespace: 'probe', host }
  const values = { ingress: { host, loadBalancerIP: '10.0.0.9', tls: { enabled: false } } }
  const [own, ...others] = standInObjects(await objects(values), where) ?? []
  assert.deepEqual(others, [])
  assert.partialDeepStrictEqual(own, {
    ...{ kind: 'Service', metadata: { namespace: 'probe', name: 'cde-ingress' } },
    spec: {
      ...{ type: 'LoadBalancer', loadBalancerIP: '10.0.0.9', selector: { 'sealift.dev/stand-in': 'platform' } },
      ports: [
        { port: 80, targetPort: 8080 },
        { port: 443, targetPort: 8443 },
        { port: 22, targetPort: 8080 },
      ],
    },
  })
  assert.equal(standInObjects(await objects({ ...values, serviceType: 'ClusterIP' }), where), undefined)

  const found = standInObjects(await objects(foreign), where) ?? []
  const ingress = named(found, 'Ingress', 'cde')
  assert.equal(ingress.spec.ingressClassName, 'other')
  for (const { backend } of ingress.spec.rules[0].http.paths) {
    const { spec } = named(found, 'Service', backend.service.name)
    assert.equal(spec.ports[0].port, backend.service.port.number)
    assert.equal(spec.ports[0].targetPort, 8080)
  }
})
