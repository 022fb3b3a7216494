import assert from 'node:assert/strict'
import dns, { promises as dnsPromises } from 'node:dns'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { type TestContext, test } from 'node:test'
import { bastionRoom } from '../../../../installer/src/checks/bastion-room.ts'
import { hostName } from '../../../../installer/src/checks/host-name.ts'
import { nameResolution } from '../../../../installer/src/checks/name-resolution.ts'
import { nameServers } from '../../../../installer/src/checks/name-servers.ts'
import { networks } from '../../../../installer/src/checks/networks.ts'
import { proxy } from '../../../../installer/src/checks/proxy.ts'
import { overlap } from '../../../../installer/src/cluster/networks.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { assertFound, node, site } from './site.ts'

test('names are host names, and better those of a domain', async (t) => {
  const look = async (answer: object) => await (await site(t, answer)).look(hostName)
  assertFound(
    await look({ host: 'cde.site.example', devUrlsHost: 'dev.site.example' }),
    'passed',
    /cde\.site\.example, dev/,
  )
  assertFound(await look({ host: 'cde' }), 'warning', /usually answers: cde/, 'CLUSTER_NAMES')
  assertFound(await look({ host: 'cde.local' }), 'warning', /cde\.local/)
  for (const host of ['10.0.0.1', `${'a'.repeat(64)}.example`, 'a_b.example', `${'a.'.repeat(130)}example`])
    assertFound(await look({ host }), 'error', /not a host name/, 'CLUSTER_NAMES')
})

/** Has a function of a module of Node.js answer something else, also for those that import it by name. */
function mocked<T extends object>(
  t: TestContext,
  module: T,
  name: keyof T & string,
  answer: (...words: never[]) => unknown,
) {
  t.mock.method(module as Record<string, never>, name, answer as never)
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}

/** Lets names lead where a test wants; the checks ask through the promises of node:dns. */
function resolving(t: TestContext, addresses: (name: string) => string[]) {
  mocked(t, dnsPromises, 'lookup', async (name: string) => {
    const found = addresses(name)
    if (found.length === 0) throw new Error('ENOTFOUND')
    return found.map((address) => ({ address, family: 4 }))
  })
}

test('DNS leads the host and a name below that of dev URLs to one place', async (t) => {
  const answer = { host: 'cde.example', devUrlsHost: 'dev.example' }
  const look = async (addresses: (name: string) => string[], more: object = answer) => {
    resolving(t, addresses)
    return await (await site(t, more)).look(nameResolution)
  }
  assertFound(await look(() => ['10.0.0.7']), 'passed', /cde\.example, \*\.dev\.example: 10\.0\.0\.7/)
  assertFound(
    await look((name) => (name === 'cde.example' ? ['10.0.0.7'] : [])),
    'warning',
    /^no address for \*\.dev\.example$/,
    'CLUSTER_NAMES',
  )
  assertFound(
    await look((name) => [name === 'cde.example' ? '10.0.0.7' : '10.0.0.8']),
    'warning',
    /10\.0\.0\.7; \*\.dev\.example: 10\.0\.0\.8/,
  )
  assertFound(await look(() => ['127.0.0.1']), 'warning', /leads to this machine/)
  const editors = { editorsHost: 'ide.example' }
  assertFound(await look((name) => (name === 'ide.example' ? [] : ['10.0.0.7']), editors), 'warning', /ide\.example/)
})

test('a wildcard in the search domain, and a machine that asks itself, are warned of', async (t) => {
  const { look } = await site(t)
  resolving(t, () => [])
  mocked(t, dns, 'getServers', () => ['10.0.0.2'])
  assertFound(await look(nameServers), 'passed', /10\.0\.0\.2; no wildcard/)
  mocked(t, dns, 'getServers', () => ['127.0.0.1'])
  mocked(t, fs, 'existsSync', () => false)
  assertFound(await look(nameServers), 'warning', /asks itself: 127/, 'CLUSTER_NAMES')
  resolving(t, () => ['10.9.9.9'])
  assertFound(await look(nameServers), 'warning', /that nobody gave, sealift-check-\w+, leads to 10\.9\.9\.9/)
})

test('networks that have an address in common are told apart from those that have not', () => {
  const together = [
    ['10.0.0.0/8', '10.244.0.0/16'],
    ['10.244.3.0/24', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.0/24'],
    ['fd00::/8', 'fd00:10::/64'],
    ['0.0.0.0/0', '1.2.3.4'],
  ]
  const apart = [
    ['10.0.0.0/16', '10.1.0.0/16'],
    ['10.0.0.1', '10.0.0.2'],
    ['fd00::/8', '10.0.0.0/8'],
    ['x', '10.0.0.0/8'],
    ['10.0.0.0/99', '10.1.0.0/16'],
  ]
  for (const [a = '', b = ''] of together) assert.ok(overlap(a, b) && overlap(b, a), `${a} ${b}`)
  for (const [a = '', b = ''] of apart) assert.ok(!overlap(a, b), `${a} ${b}`)
})

test('ranges of the cluster that overlap each other, a node, the registry or this machine are warned of', async (t) => {
  const own = (cidr: string) =>
    mocked(t, os, 'networkInterfaces', () => ({
      lo: [{ internal: true, cidr: '127.0.0.1/8', address: '127.0.0.1' }],
      eth0: [{ internal: false, cidr, address: cidr.split('/')[0] }],
    }))
  const look = async (pods: string, services: string[], answer = {}) => {
    const { look, nodes, answers } = await site(t, answer)
    nodes(node('a', { spec: { podCIDRs: [pods] } }))
    answers.set('/apis/networking.k8s.io/v1/servicecidrs', { items: [{ spec: { cidrs: services } }] })
    return await look(networks)
  }
  own('192.168.1.5/24')
  assertFound(await look('10.244.0.0/24', ['10.96.0.0/12']), 'passed', /pods 10\.244\.0\.0\/24|services/)
  assertFound(
    await look('10.97.0.0/24', ['10.96.0.0/12']),
    'warning',
    /pods 10\.97\.0\.0\/24 and services 10\.96/,
    'CLUSTER_NETWORKS',
  )
  assertFound(
    await look('10.244.0.0/24', ['10.1.0.0/16']),
    'warning',
    /services 10\.1\.0\.0\/16 and node a 10\.1\.0\.1/,
  )
  assertFound(
    await look('10.0.0.0/24', ['10.96.0.0/12']),
    'warning',
    /pods 10\.0\.0\.0\/24 and the registry 10\.0\.0\.5/,
  )
  own('10.244.7.1/16')
  assertFound(await look('10.244.0.0/24', ['10.96.0.0/12']), 'warning', /eth0 of this machine 10\.244\.7\.1\/16/)
  // a node itself has an address of its pods
  own('10.1.0.1/8')
  assertFound(await look('10.244.0.0/24', ['10.96.0.0/12']), 'passed', /pods/)
})

test('an old cluster tells one address of its services, and none is no fault', async (t) => {
  const { look, nodes, put } = await site(t)
  nodes(node('a'))
  assertFound(await look(networks), 'skipped', /does not tell/)
  put('/api/v1/namespaces/default')
  put('/api/v1/namespaces/default/services/kubernetes', { spec: { clusterIPs: ['10.1.0.1'] } })
  assertFound(await look(networks), 'warning', /services 10\.1\.0\.1 and node a/)
})

test('a proxy that the API, the registry or the platform would go through is warned of', async (t) => {
  const before = { ...process.env }
  t.after(() => {
    process.env = before
  })
  for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name]
  const look = async (answer = {}) => await (await site(t, answer)).look(proxy)
  assertFound(await look(), 'passed', /no proxy here/)
  process.env.HTTPS_PROXY = 'http://proxy.example:3128'
  assertFound(await look(), 'warning', /the registry \(10\.0\.0\.5\), the platform \(cde\.example\)/, 'CLUSTER_PROXY')
  process.env.NO_PROXY = '10.0.0.0/8,.example'
  assertFound(await look(), 'passed', /none of it/)
  assertFound(await look({ proxy: { http: 'http://localhost:3128' } }), 'warning', /each pod itself/, 'CLUSTER_PROXY')
})

test('a machine without room for what is taken out of the bundle is refused', async (t) => {
  const sized = (size: number) => async () => ({ descriptor: { size } }) as never
  const stateDir = `${await temporaryDirectory(t)}/state/not/there/yet`
  const look = async (size: number) => {
    const { look, context } = await site(t, {}, { stateDir })
    Object.assign(context.bundle, { file: sized(size), chart: sized(1000) })
    return await look(bastionRoom)
  }
  assertFound(await look(1000), 'passed', /MB free at .*not\/there\/yet/)
  assertFound(await look(1e15), 'error', /MB free/, 'STORAGE_FULL')
})
