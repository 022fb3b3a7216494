import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { nodesExempt } from '../../../../installer/src/allowlist/exempt.ts'
import { nodeProxy, runtimeNames } from '../../../../installer/src/allowlist/node-proxy.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

const url = 'http://proxy.site.example:3128'
const exempt = nodesExempt(
  { answers: { host: 'cde.site.example', registry: { kind: 'serve', address: '[fd00::5]:5000' } } },
  {
    services: [{ cidr: '10.96.0.0/12' }],
    pods: [{ cidr: '10.244.0.0/24' }, { cidr: '10.244.0.0/24' }],
    nodes: [{ cidr: '192.0.2.7' }],
  },
)

test('nodes reach the cluster, the site and themselves without the proxy', () => {
  assert.deepEqual(exempt, [
    ...['localhost', '127.0.0.0/8', '::1', '.svc', '.cluster.local'],
    ...['10.96.0.0/12', '10.244.0.0/24', '192.0.2.7', 'cde.site.example', 'fd00::5'],
  ])
})

test('a cluster may have a domain of its own', () => {
  const values = { clusterDomainSuffix: '.svc.site.internal' }
  const none = { services: [], pods: [], nodes: [] }
  assert.deepEqual(
    nodesExempt({ answers: { registry: { kind: 'serve', address: 'r:5000' }, values } }, none).slice(3),
    [...['.svc', '.site.internal', 'r']],
  )
})

test('each runtime gets its file, and no file that everybody reads gets a login', () => {
  for (const runtime of runtimeNames) {
    const plain = nodeProxy(runtime, { http: url, https: url, exempt, login: false })
    const prefix = /^(k3s|rke2)/.test(runtime) ? 'CONTAINERD_' : ''
    const quote = prefix === '' ? 'Environment="' : ''
    assert.ok(plain.includes(`\n${quote}${prefix}HTTPS_PROXY=${url}`), plain)
    assert.ok(plain.includes(`\n${quote}${prefix}NO_PROXY=localhost,127.0.0.0/8,`), plain)
    assert.match(plain, /^# .*\n# {3}.*\/etc\/\S+.*\n# then: systemctl /)
    const login = nodeProxy(runtime, { https: url, exempt, login: true })
    const set = login.split('\n').filter((line) => !line.startsWith('#'))
    if (prefix === '') {
      assert.ok(set.includes('EnvironmentFile=/etc/sealift/proxy.env'))
      assert.ok(set.every((line) => !line.includes('HTTPS_PROXY')))
    } else assert.ok(set.includes(`CONTAINERD_HTTPS_PROXY=${url.replace('//', '//USER:PASSWORD@')}`))
  }
})

test('systemd takes the drop-in as it stands', async (t) => {
  const directory = await temporaryDirectory(t)
  const unit = join(directory, 'px-containerd.service')
  const text = nodeProxy('containerd', { http: url, https: `${url}/`, exempt, login: true })
  await writeFile(unit, text.replace('[Service]', '[Service]\nExecStart=/bin/true'))
  const verify = promisify(execFile)('systemd-analyze', ['verify', unit])
  const missing = (error: NodeJS.ErrnoException) => error.code === 'ENOENT'
  const told = await verify.catch((error) => {
    if (missing(error)) return undefined
    throw error
  })
  if (told === undefined) t.skip('systemd-analyze is not here')
  else assert.equal(told.stderr, '')
})
