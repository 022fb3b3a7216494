import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyGraph } from '../../../bundle-spec/src/copy.ts'
import { readGraph } from '../../../bundle-spec/src/graph.ts'
import { nodesExempt } from '../../../installer/src/allowlist/exempt.ts'
import { nodeProxy } from '../../../installer/src/allowlist/node-proxy.ts'
import { proxySecret } from '../../../installer/src/install/proxy-access.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage } from '../../fixtures/release.ts'
import { startRegistry } from '../../lab/registry.ts'
import { startSquid } from '../../lab/squid.ts'
import { hostsFile } from '../../lab/trust.ts'
import { containerd } from '../containerd.ts'

const host = 'registry.test'

test('containerd fetches through a proxy that wants a login with what is printed for nodes, and from the registry of the site without it', async (t) => {
  const directory = await temporaryDirectory(t)
  const registry = await startRegistry({ directory: await temporaryDirectory(t), tls: true, names: [host] })
  t.after(() => registry.stop())
  const own = await startRegistry({ directory: await temporaryDirectory(t), tls: false })
  t.after(() => own.stop())
  const login = { user: 'site', password: 'p:w @%' }
  const squid = await startSquid({ directory: await temporaryDirectory(t), hosts: [host], login })
  t.after(() => squid.stop())
  const from = memoryStore()
  const image = await putImage(from, 'vendor.example/cde/a:1', ['a layer'])
  for (const one of [registry, own]) {
    const settings = one.caFile ? { caPem: await readFile(one.caFile, 'utf8') } : { plainHttp: true }
    const store = registryStore({ registries: { [one.host]: settings }, dockerConfig: false, proxy: {} })
    const target = { descriptor: image, source: 'vendor.example/cde/a:1', target: `${one.host}/cde/a:1` }
    await copyGraph(from, store, await readGraph(from, [target]))
    await store.close()
  }

  // this machine by an address that is not loopback to look at
  const site = `0.0.0.0:${own.port}`
  const exempt = nodesExempt(
    { answers: { registry: { kind: 'serve', address: site } } },
    { services: [], pods: [], nodes: [] },
  )
  const text = nodeProxy('containerd', { http: squid.url, https: squid.url, exempt, login: true })
  await writeFile(join(directory, 'login'), `${login.user}:${login.password}\n`)
  const encoded = proxySecret({ proxy: { loginFile: join(directory, 'login') } })?.login as string
  // as the operator does it, and systemd after that
  const file = [...text.matchAll(/^# {3}(HTTPS?_PROXY)=(\S+)$/gm)].map(([, name, url]) => [
    name,
    url?.replace('USER:PASSWORD', () => encoded),
  ])
  const unit = [...text.matchAll(/^Environment="(NO_PROXY)=(.*)"$/gm)].map(([, name, value]) => [name, value])
  assert.deepEqual([file.length, unit.length], [2, 1])
  const ctr = await containerd(t, Object.fromEntries([...file, ...unit]))

  const hosts = join(directory, 'certs.d')
  const place = `${host}:${registry.port}`
  await mkdir(join(hosts, place), { recursive: true })
  const ca = join(hosts, place, 'ca.crt')
  await copyFile(registry.caFile as string, ca)
  await writeFile(join(hosts, place, 'hosts.toml'), hostsFile(place, ca))
  await ctr('content', 'fetch', '--hosts-dir', hosts, `${place}/cde/a:1`)
  assert.ok(await squid.logs(new RegExp(`CONNECT ${host}:${registry.port} `)))
  await ctr('content', 'fetch', '--plain-http', `${site}/cde/a:1`)
  assert.ok((await squid.log()).every((one) => one.host === host))
})
