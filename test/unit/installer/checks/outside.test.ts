import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { packChart } from '../../../../installer/src/build/chart.ts'
import { outside } from '../../../../installer/src/checks/outside.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { declaration } from '../allowlist/facts.ts'
import { assertFound, site } from './site.ts'

/** What the check finds of a site whose release declares an address at a port of this machine that is tried by its name. */
async function look(t: TestContext, answer: object, url: string) {
  const directory = await temporaryDirectory(t)
  const chart = join(directory, 'chart')
  await mkdir(chart)
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: cde\nversion: 0.1.0\n')
  const archive = join(directory, 'chart.tgz')
  await writeFile(archive, (await packChart(chart)).archive)
  const { look, context } = await site(t, answer)
  const declared = [declaration({ id: 'gallery', url, from: ['bastion'], at: 'outside' })]
  Object.assign(context, { chart: async () => archive })
  const images = [{ name: 'manager', reference: 'vendor.example/cde/manager:1', digest: `sha256:${'0'.repeat(64)}` }]
  const whole = {
    images,
    licenseKeys: [],
    created: '2026-11-30T00:00:00Z',
    chart: { name: 'cde', reference: 'vendor.example/cde/chart' },
  }
  Object.assign(context.bundle.release, whole, {
    allowlist: { version: '2026113000', declared, endpoints: [], changes: [] },
  })
  return await look(outside)
}

test('what the release needs outside is tried as this machine reaches it, and an air-gapped site needs nothing', async (t) => {
  const before = { ...process.env }
  let isOpen = true
  const asked: string[] = []
  const proxy = createServer().listen(0, '127.0.0.1')
  proxy.on('connect', ({ url }, socket) => {
    asked.push(url ?? '')
    socket.end(`HTTP/1.1 ${isOpen ? '200 OK' : '403 Forbidden'}\r\n\r\n`)
  })
  await once(proxy, 'listening')
  t.after(() => {
    process.env = before
    proxy.closeAllConnections()
    proxy.close()
  })
  for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name]
  process.env.HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

  const url = 'tcp://gallery.vendor.example:7'
  assertFound(await look(t, { mode: 'airgapped' }, url), 'passed', /nothing outside is needed: all 1 addresses/)
  assert.deepEqual(asked, [])
  assertFound(await look(t, { mode: 'restricted' }, url), 'passed', /^1 reached from here/)
  isOpen = false
  const found = await look(t, { mode: 'restricted' }, url)
  assertFound(found, 'warning', /gallery \(tcp:\/\/gallery\.vendor\.example:7\): proxy, .*403/, 'CLUSTER_ALLOWLIST')
  assert.deepEqual(asked, Array(2).fill('gallery.vendor.example:7'))
})
