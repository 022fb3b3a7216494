import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { packChart } from '../../installer/src/build/chart.ts'
import { renderedImages } from '../../installer/src/build/cover.ts'
import { renderWith } from '../../installer/src/build/render.ts'
import type { ReleaseSource } from '../../installer/src/build/source.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { helmBinary } from '../lab/tools.ts'

const helm = await helmBinary()
const plain = 'apiVersion: v2\nname: acme\nversion: 0.1.0\n'
const pod = 'kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: [{image: "a.example/b:1"}]}\n'

/** What comes of a chart of these files in a build; `->PATH` is a link, `mkfifo` a FIFO. */
async function build(directory: string, files: Record<string, string | Buffer>) {
  const chart = join(directory, 'chart')
  await mkdir(chart)
  for (const [name, content] of Object.entries(files)) {
    const path = join(chart, name)
    await mkdir(dirname(path), { recursive: true })
    if (content === 'mkfifo') execFileSync('mkfifo', [path])
    else if (content.toString().startsWith('->')) await symlink(content.toString().slice(2), path)
    else await writeFile(path, content)
  }
  const source = { chart: { path: chart }, images: [], valuesSets: [{ name: 'default', values: {} }] }
  const packed = await packChart(chart)
  const render = renderWith(helm)
  return await renderedImages(source as unknown as ReleaseSource, (values, signal) => render(packed, values, signal))
}

const refused: Record<string, [files: Record<string, string | Buffer>, code: string, why: RegExp]> = {
  'no Chart.yaml': [{ 'values.yaml': 'a: 1\n' }, 'BUILD_CHART', /no Chart\.yaml$/],
  'Chart.yaml deeper alone': [{ 'acme/Chart.yaml': plain }, 'BUILD_CHART', /there is one in acme/],
  'Chart.yaml that is a link': [{ 'Chart.yaml': '->/dev/zero' }, 'BUILD_CHART', /neither a file nor/],
  'Chart.yaml that is a directory': [{ 'Chart.yaml/a': plain }, 'BUILD_CHART', /no Chart\.yaml/],
  'Chart.yaml that is a FIFO': [{ 'Chart.yaml': 'mkfifo' }, 'BUILD_CHART', /neither a file nor/],
  'Chart.yaml that is not YAML': [{ 'Chart.yaml': 'a: [' }, 'BUILD_CHART', /not YAML/],
  '100 MB of templates': [
    { 'Chart.yaml': plain, 'templates/a.yaml': Buffer.alloc(100 << 20, '#') },
    'BUILD_CHART',
    /larger than 16777216/,
  ],
  'a file larger than Helm takes': [
    { 'Chart.yaml': plain, 'templates/a.yaml': Buffer.alloc(6 << 20, '#') },
    'BUILD_CHART',
    /templates\/a\.yaml: it is larger than 5242880/,
  ],
  'a name that a terminal acts on': [{ 'Chart.yaml': plain, 'a\x1b[2J': '' }, 'BUILD_CHART', /leads elsewhere/],
  'a dependency that is a web page': [
    { 'Chart.yaml': plain, 'charts/b-1.tgz': '<html>404</html>' },
    'BUILD_CHART',
    /charts\/b-1\.tgz, that is a web page/,
  ],
  'a dependency that is missing': [
    { 'Chart.yaml': `${plain}dependencies: [{name: b, version: 1.0.0, repository: "https://b.example"}]\n` },
    'BUILD_TEMPLATE',
    /missing in charts/,
  ],
  'an alias of one that is missing': [
    { 'Chart.yaml': `${plain}dependencies: [{name: b, alias: c, version: 1.0.0, repository: "https://b.example"}]\n` },
    'BUILD_TEMPLATE',
    /missing in charts/,
  ],
  'the type library': [{ 'Chart.yaml': `${plain}type: library\n` }, 'BUILD_TEMPLATE', /library/],
  'a Kubernetes that is none': [{ 'Chart.yaml': `${plain}kubeVersion: ">=9.0.0"\n` }, 'BUILD_TEMPLATE', /kubeVersion/],
  'a value that it requires': [
    { 'Chart.yaml': plain, 'templates/a.yaml': 'a: {{ required "set licenseKey" .Values.licenseKey }}\n' },
    'BUILD_TEMPLATE',
    /set licenseKey/,
  ],
  'a template that says too much when it fails': [
    { 'Chart.yaml': plain, 'templates/a.yaml': `{{ fail (print "\\u001b[31m" (repeat 100000 "x")) }}\n` },
    'BUILD_TEMPLATE',
    /^[^\x00-\x1f]{1,1600}$/,
  ],
  'a template without an end': [{ 'Chart.yaml': plain, 'templates/a.yaml': '{{ if' }, 'BUILD_TEMPLATE', /parse error/],
}

for (const [what, [files, code, why]] of Object.entries(refused))
  test(`a chart with ${what} is refused in words of its own`, async (t) => {
    await assert.rejects(build(await temporaryDirectory(t), files), (error: SealiftError) => {
      assert.equal(error.code, code, error.message)
      assert.match(error.why ?? '', why)
      if (code === 'BUILD_TEMPLATE') assert.match(error.message, /values set default/)
      return true
    })
  })

test('what a chart may well have is rendered: definitions, lookups, gates, an alias, names of more than 100 bytes', async (t) => {
  const long = `templates/${'a-long-directory/'.repeat(6)}pod.yaml`
  const found = await build(await temporaryDirectory(t), {
    'Chart.yaml': `${plain}dependencies: [{name: b, alias: c, version: 0.1.0}]\n`,
    'charts/b/Chart.yaml': plain.replace('acme', 'b'),
    'charts/b/templates/a.yaml': pod.replace('b:1', 'alias:1'),
    'crds/a.yaml': 'kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nmetadata: {name: a}\n',
    'templates/lookup.yaml': `{{ if not (lookup "v1" "Secret" "a" "b") }}\n${pod.replace('b:1', 'lookup:1')}{{ end }}\n`,
    'templates/gate.yaml': `{{ if .Capabilities.APIVersions.Has "apps/v1" }}\n${pod.replace('b:1', 'gate:1')}{{ end }}\n`,
    [long]: pod.replace('b:1', 'long:1'),
  })
  assert.deepEqual(found.map(({ reference }) => reference).sort(), [
    'a.example/alias:1',
    'a.example/gate:1',
    'a.example/long:1',
    'a.example/lookup:1',
  ])
})
