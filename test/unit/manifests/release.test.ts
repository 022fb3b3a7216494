import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { modeOf } from '@sealift/bundle-spec/act.ts'
import { parse } from 'yaml'
import { declaredEndpoints } from '../../../installer/src/allowlist/declared.ts'
import { cover, renderedImages } from '../../../installer/src/build/cover.ts'
import { readSource } from '../../../installer/src/build/source.ts'
import { catalog } from '../../../manifests/images/catalog.ts'
import { runningAs } from '../../../services/manager/running.ts'
import { chartDirectory, named, objects, releaseFile, template } from './rendered-chart.ts'

test('release.yaml is a release source, and its version is the chart version', async () => {
  const source = await readSource(releaseFile)
  const chart = parse(await readFile(`${chartDirectory}/Chart.yaml`, 'utf8'))
  assert.equal(source.version, chart.version)
  assert.equal(source.version, chart.appVersion)
  for (const { name, reference } of source.images)
    assert.equal(reference, `registry.sealift.example/cde/${name}:${source.version}`)
  assert.equal(chart.annotations['sealift.dev/published'], 'https://registry.sealift.example/cde')
})

test('the manager sees whether images come from where they are published, whatever mode a value states', async () => {
  const mode = async (values: object) => {
    const [container] = named(await objects(values), 'Deployment', 'cde-manager').spec.template.spec.containers
    const given = Object.fromEntries(
      container.env.map(({ name, value }: { name: string; value?: string }) => [name, value]),
    )
    return modeOf(runningAs(given))
  }
  assert.equal(await mode({}), 'connected')
  assert.equal(await mode({ mode: 'restricted' }), 'restricted')
  assert.equal(await mode({ mode: 'airgapped' }), 'airgapped')
  const digest = `sha256:${'a'.repeat(64)}`
  assert.equal(await mode({ images: { manager: { digest }, workspace: { digest } } }), 'connected')
  for (const values of [
    { image: { registry: '10.0.0.5:5000' } },
    { image: { registry: 'registry.sealift.example/mirror' } },
    { images: { workspace: { repository: 'mirror/workspace' } } },
    { images: { manager: { repository: 'cde/manager/copy' } } },
  ])
    assert.equal(await mode({ mode: 'connected', ...values }), 'airgapped', JSON.stringify(values))
})

test('the release names every image that the pipeline builds for it, and no other', async () => {
  const source = await readSource(releaseFile)
  assert.deepEqual(
    source.images.map(({ name }) => name).sort(),
    catalog
      .filter(({ carried }) => carried)
      .map(({ name }) => name)
      .sort(),
  )
})

test('the values sets explain every image: the build finds none missing and none idle', async () => {
  const source = await readSource(releaseFile)
  const digests = new Map(source.images.map(({ name }, i) => [name, { digest: `sha256:${String(i).repeat(64)}` }]))
  const { report, warnings } = cover(source, digests, await renderedImages(source, (values) => template(values)))
  assert.deepEqual(warnings, [])
  assert.equal(new Set(report.rendered.map(({ reference }) => reference)).size, 6)
})

test('the gallery of editors is on the list of whom workspaces reach, outside of the site or within', async () => {
  const { endpoints: declared = [] } = await readSource(releaseFile)
  const listed = (gallery: string) =>
    declaredEndpoints(declared, { editors: { gallery } })
      .endpoints.filter(({ id }) => id === 'gallery')
      .map(({ host, port, from, required }) => [host, port, from, required])
  assert.deepEqual(listed('https://vsx.example'), [['vsx.example', 443, ['workspaces'], false]])
  assert.deepEqual(listed('https://10.0.0.5:5000/gallery'), [['10.0.0.5', 5000, ['workspaces'], false]])
  assert.deepEqual(listed(''), [])
})
