import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { cover, renderedImages } from '../../../installer/src/build/cover.ts'
import { readSource } from '../../../installer/src/build/source.ts'
import { catalog } from '../../../manifests/images/catalog.ts'
import { chartDirectory, releaseFile, template } from './rendered-chart.ts'

test('release.yaml is a release source, and its version is the chart version', async () => {
  const source = await readSource(releaseFile)
  const chart = parse(await readFile(`${chartDirectory}/Chart.yaml`, 'utf8'))
  assert.equal(source.version, chart.version)
  assert.equal(source.version, chart.appVersion)
  for (const { name, reference } of source.images)
    assert.equal(reference, `registry.sealift.example/cde/${name}:${source.version}`)
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
