import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { digestOf } from '../../../bundle-spec/src/verify.ts'
import { serverCertificates } from '../../../installer/src/serve/certificates.ts'
import { writeAddress } from '../../../installer/src/serve/listen.ts'
import { serveBundles } from '../../../installer/src/serve/serve.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'
import { helmBinary } from '../../lab/tools.ts'
import { hostsFile } from '../../lab/trust.ts'
import { vendor } from '../../unit/installer/serve/bundles.ts'
import { containerd } from '../containerd.ts'

const auth = { username: 'site', password: 'p:w' }

async function site(t: TestContext, tokenAuth: boolean) {
  const directory = await temporaryDirectory(t)
  const { build, trust, license } = await vendor(directory)
  const path = await build(join(directory, 'cde.bundle'), '0.1.0')
  const certificate = () => serverCertificates({ directory: join(directory, 'tls'), hosts: ['127.0.0.1'] })
  const serving = await serveBundles({
    paths: [path],
    access: async () => ({ trust, license }),
    listen: { host: '127.0.0.1', port: 0 },
    certificate,
    auth,
    tokenAuth,
    log: { info: () => {}, error: () => {} },
  })
  t.after(() => serving.close(0))
  return { directory, host: writeAddress(serving.address), caPath: (await certificate()).caPath }
}

for (const tokenAuth of [false, true]) {
  const how = tokenAuth ? 'token' : 'password'

  test(`helm pulls the chart of a served bundle, with a login by ${how}`, async (t) => {
    const { directory, host, caPath } = await site(t, tokenAuth)
    const helm = await helmBinary()
    const login = ['--username', auth.username, '--password', auth.password, '--ca-file', caPath]
    const environment = { HELM_REGISTRY_CONFIG: join(directory, 'helm.json'), HOME: directory }
    const pull = (...flags: string[]) =>
      run(helm, ['pull', `oci://${host}/cde/charts/cde`, '--version', '0.1.0', '--destination', directory, ...flags], {
        environment,
      })
    await pull(...login)
    assert.match(await run(helm, ['show', 'chart', join(directory, 'cde-0.1.0.tgz')], { environment }), /^name: cde$/m)
    await assert.rejects(pull('--ca-file', caPath), 'not without the login')
  })

  test(`containerd fetches an image of a served bundle by its hosts.toml, with a login by ${how}`, async (t) => {
    const { directory, host, caPath } = await site(t, tokenAuth)
    const ctr = await containerd(t)
    const hosts = join(directory, 'certs.d')
    await mkdir(join(hosts, host), { recursive: true })
    const ca = join(hosts, host, 'ca.crt')
    await copyFile(caPath, ca)
    await writeFile(join(hosts, host, 'hosts.toml'), hostsFile(host, ca))
    const fetch = (...flags: string[]) =>
      ctr('content', 'fetch', '--hosts-dir', hosts, ...flags, `${host}/cde/manager:0.1.0`)
    await fetch('--user', `${auth.username}:${auth.password}`)
    assert.match(await ctr('content', 'list', '--quiet'), new RegExp(digestOf(Buffer.from('manager 0.1.0'))))
    await assert.rejects(fetch(), 'not without the login')
    assert.deepEqual(await readdir(hosts), [host])
  })
}

test('containerd imports the images of a bundle file under the names that the vendor gave them', async (t) => {
  const { build, trust } = await vendor(await temporaryDirectory(t))
  const path = await build(join(await temporaryDirectory(t), 'cde.bundle'), '0.1.0')
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  for (const { role, reference, descriptor } of bundle.artifacts)
    assert.equal(descriptor.annotations?.['io.containerd.image.name'], role === 'image' ? reference : undefined)
  const ctr = await containerd(t)
  // without --no-unpack it would stop at the chart, which is no image
  await ctr('images', 'import', '--no-unpack', path)
  const names = (await ctr('images', 'list', '--quiet')).split('\n')
  for (const name of ['manager', 'workspace']) assert.ok(names.includes(`registry.sealift.example/cde/${name}:0.1.0`))
})
