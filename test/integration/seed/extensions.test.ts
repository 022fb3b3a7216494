import assert from 'node:assert/strict'
import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'
import { vsixOf } from '../../fixtures/vsix.ts'
import { run } from '../../lab/command.ts'
import { startRegistry } from '../../lab/registry.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname

test('extensions are seeded under names that a registry takes, and found there with all that they consist of', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await appendFile(options.source, 'extensions: [{path: a.vsix}]\n')
  await writeFile(join(directory, 'a.vsix'), vsixOf({ publisher: 'AcMe', version: '2.0.0-beta.1' }, 'linux-x64'))
  await buildBundle(options)
  const registry = await startRegistry({ directory: join(directory, 'registry'), tls: true })
  t.after(() => registry.stop())
  const files = { trust: join(directory, 'vendor.pub'), license: join(directory, 'license') }
  await writeFile(files.trust, trust[0] ?? '')
  await writeFile(files.license, options.license)
  await mkdir(join(directory, 'state'))
  const words = ['seed', options.out, '--to', registry.host, '--trust', files.trust, '--license', files.license]
  const ca = registry.caFile ?? ''
  await run(process.execPath, [cli, ...words, '--registry-ca', ca, '--state-dir', join(directory, 'state')])
  const name = `docker://${registry.host}/cde/charts/cde/extensions/acme.hello/linux-x64:2.0.0-beta.1`
  await cp(ca, join(directory, 'certs/ca.crt'))
  const flags = ['inspect', '--raw', '--cert-dir', join(directory, 'certs')]
  const manifest = JSON.parse(await run('skopeo', [...flags, name]))
  assert.equal(manifest.artifactType, 'application/vnd.sealift.extension.v1')
  assert.deepEqual(
    manifest.layers.map(({ annotations }: { annotations: Record<string, string> }) => Object.values(annotations)),
    [['vsix'], ['manifest'], ['readme'], ['icon.png']],
  )
})
