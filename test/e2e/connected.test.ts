import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { borrowLab } from '../lab/borrow.ts'
import { run } from '../lab/command.ts'
import { demoFiles } from '../lab/demo-files.ts'
import { sealDemo } from '../lab/demo-seal.ts'
import { sealiftExecutable } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'
import { logIn } from '../lab/demo-user.ts'
import type { Lab } from '../lab/lab.ts'
import { ensurePackages } from '../lab/packages.ts'
import { startRegistry } from '../lab/registry.ts'

const vendor = 'registry.sealift.example'
const host = 'cde.sealift.test'
const files = demoFiles(join(cacheDirectory(), 'e2e'))
const closing: (() => unknown)[] = []
let lab: Lab
let scratch: string
let environment: Record<string, string>
/** where the site's proxy was asked to lead to */
const asked = new Set<string>()

/** A forward proxy, the site's only way out: it leads to the vendor's registry and nowhere else. */
async function siteProxy(registry: { port: number }, address: string): Promise<string> {
  const open = new Set<Socket>()
  const server = createServer((_request, response) => response.writeHead(403).end())
  server.on('connect', (request, near: Socket) => {
    asked.add(request.url ?? '')
    if (request.url !== `${vendor}:443`) return near.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const far = connect(registry.port, address, () => near.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      open.add(one.on('error', () => other.destroy()).on('close', () => other.destroy()))
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const sealift = async (...args: string[]) =>
  await run(await sealiftExecutable(), args, { environment, timeout: 15 * 60_000 })

before(
  async () => {
    scratch = await mkdtemp(join(tmpdir(), 'connected-'))
    closing.push(() => rm(scratch, { recursive: true, force: true }))
    await ensurePackages('lab', 'images', 'registry')
    // its images must come from the vendor
    const borrow = async () => {
      const { giveBack, ...borrowed } = await borrowLab({ fresh: true })
      closing.push(giveBack)
      lab = borrowed.lab
    }
    const say = steps((line) => console.log(line), false)
    await Promise.all([borrow(), sealDemo(files, files.sealed, say)])
    // what the vendor has is published: to everybody, under the vendor's name, with a certificate that systems trust
    const registry = await startRegistry({
      directory: join(scratch, 'registry'),
      storage: join(files.registryData, 'storage'),
      address: lab.bastionAddress,
      tls: true,
      names: [vendor],
    })
    closing.push(registry.stop)
    await lab.trust(vendor, registry.caFile as string, { address: registry.host })
    environment = {
      HTTPS_PROXY: await siteProxy(registry, lab.bastionAddress),
      NO_PROXY: [lab.nodeAddress, lab.bastionAddress, '.sealift.test', '10.0.0.0/8'].join(),
      NODE_EXTRA_CA_CERTS: registry.caFile as string,
    }
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  for (const step of closing.reverse()) await step()
})

test('a connected site installs from the registry of the vendor, without a bundle file and with a free license', async () => {
  const to = ['--to', vendor, '--trust', files.trust, '--license', files.paid, '--state-dir', scratch]
  // the vendor's registry is kept from one run of this test to the next, under one version
  const { release } = JSON.parse(await sealift('seed', files.sealed, ...to, '--replace-tags', '--json'))
  assert.equal(release.reference, `${vendor}/cde/release:0.1.0`)
  const answers = {
    apiVersion: 'sealift.dev/v1',
    kind: 'Answers',
    mode: 'connected',
    release: release.reference,
    license: files.free,
    trust: [files.trust],
    kubeconfig: lab.kubeconfig,
    registry: { kind: 'existing', address: vendor },
    host,
  }
  const file = join(scratch, 'answers.yaml')
  await writeFile(file, JSON.stringify(answers))
  const out = await sealift('install', '--headless', '--answers', file, '--state', join(scratch, 'state'))
  assert.match(out, /cde 0\.1\.0 is installed/)
  const receipt = JSON.parse(await readFile(join(scratch, 'state', 'sealift-receipt.json'), 'utf8'))
  assert.equal(receipt.bundle.from, `${release.reference}@${release.digest}`)
  assert.equal(receipt.site.mode, 'connected')
  assert.deepEqual([...asked], [`${vendor}:443`])

  const get = (...args: string[]) => lab.kubectl(['--namespace=cde', 'get', ...args])
  const images = (await get('pods', '-o=jsonpath={.items[*].status.containerStatuses[*].imageID}')).split(' ')
  assert.ok(images.length >= 5)
  for (const image of images) assert.match(image, /^registry\.sealift\.example\/cde\/\w+@sha256:/)

  // the license is enough for the platform too, which looks at where its own images came from
  const secret = async (name: string, field: string) =>
    Buffer.from(await get('secret', name, `-o=jsonpath={.data.${field}}`), 'base64').toString()
  const address = await get('service', 'cde-ingress', '-o=jsonpath={.status.loadBalancer.ingress[0].ip}')
  const platform = { host, address, port: 443, ca: await secret('cde-ca', 'ca\\.crt') }
  const user = await logIn(platform, 'admin', await secret('cde-admin', 'password'))
  assert.equal((await user.request('GET', '/api/v0/workspaces')).status, 200)
  await user.close()
})
