import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Ajv } from 'ajv'
import { build } from 'esbuild'
import { imageContents } from '../../../manifests/sbom/contents.ts'
import { debianLicenses } from '../../../manifests/sbom/debian-license.ts'
import { type SbomSubject, sbomDocument } from '../../../manifests/sbom/document.ts'
import { bundledPackages, installedPackages } from '../../../manifests/sbom/npm.ts'
import { readInRoot } from '../../../manifests/sbom/root.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const subject: SbomSubject = {
  kind: 'container',
  name: 'manager',
  version: '0.1.0',
  digest: `sha256:${'a'.repeat(64)}`,
  sourceDate: 86_400,
}

/** Files below a directory, by path; one of another kind of value is a link to it. */
async function fill(directory: string, files: Readonly<Record<string, string | { link: string }>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    if (typeof content === 'string') await writeFile(join(directory, path), content)
    else await symlink(content.link, join(directory, path))
  }
}

const stanza = (name: string, version: string, more = '', status = 'install ok installed') =>
  `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: ${version}\n${more}Description: a package\n that goes on: Version: 9\n`

async function root(t: TestContext): Promise<string> {
  const directory = await temporaryDirectory(t)
  const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+ or Expat
 text

Files: x
License: LGPL-2.1 and BSD-3-clause
`
  await fill(directory, {
    'etc/os-release': 'ID=debian\nVERSION_ID="13"\nDEBIAN_VERSION_FULL=13.8\n',
    'var/lib/dpkg/status': [
      stanza('libstdc++6', '1:14.2.0-19', 'Source: gcc-14 (14.2.0-19)\n'),
      stanza('curl', '8.14.1-2'),
      stanza('gone', '1', '', 'deinstall ok config-files'),
    ].join('\n'),
    'usr/share/doc/curl/copyright': copyright,
    'usr/share/doc/libstdc++6': { link: '/usr/share/doc/curl' },
    'app/node_modules/@scope/one/package.json':
      '{"name":"@scope/one","version":"1.0.0","license":"(MIT OR Apache-2.0)"}',
    'app/node_modules/@scope/one/node_modules/two/package.json':
      '{"name":"two","version":"2.0.0","licenses":[{"type":"ISC"}]}',
    'opt/code-server/package.json': '{"name":"code-server","version":"4.0.0","license":"MIT"}',
    'opt/code-server/lib/vscode/package.json': '{"name":"code-oss","version":"1.139.0"}',
    'opt/code-server/node_modules/two/package.json': '{"name":"two","version":"2.0.0","license":"SEE LICENSE IN x"}',
  })
  return directory
}

test('an SBOM names what Debian, npm and the image itself put there, and nothing that was removed', async (t) => {
  const contents = await imageContents(await root(t), [{ name: 'fastify', version: '5.0.0', license: 'MIT' }])
  const document = JSON.parse(sbomDocument(subject, contents))
  const found = Object.fromEntries(
    document.components.map((one: { purl?: string; name: string }) => [one.purl ?? one.name, one]),
  )
  assert.deepEqual(Object.keys(found).sort(), [
    'debian',
    'pkg:deb/debian/curl@8.14.1-2?arch=amd64&distro=debian-13.8',
    'pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19?arch=amd64&distro=debian-13.8&upstream=gcc-14%4014.2.0-19',
    'pkg:npm/%40scope/one@1.0.0',
    'pkg:npm/code-server@4.0.0',
    'pkg:npm/fastify@5.0.0',
    'pkg:npm/two@2.0.0',
  ])
  const licenses = (purl: string) => found[purl].licenses
  assert.deepEqual(licenses('pkg:deb/debian/curl@8.14.1-2?arch=amd64&distro=debian-13.8'), [
    { license: { id: 'BSD-3-Clause' } },
    { license: { id: 'GPL-2.0-or-later' } },
    { license: { id: 'LGPL-2.1-only' } },
    { license: { id: 'MIT' } },
  ])
  assert.deepEqual(licenses('pkg:npm/%40scope/one@1.0.0'), [{ expression: '(MIT OR Apache-2.0)' }])
  assert.deepEqual(
    found['pkg:npm/code-server@4.0.0'].components.map((one: { name: string }) => one.name),
    ['vscode'],
  )
  const [whole] = document.dependencies.filter((one: { ref: string }) => one.ref === 'manager')
  assert.equal(whole.dependsOn.length, document.components.length)
})

test('an SBOM holds to the CycloneDX schema', async (t) => {
  const contents = await imageContents(await root(t), [])
  const program = { purl: 'pkg:generic/node@26.0.0', license: 'MIT', parts: [{ name: 'openssl', version: '3.5.8' }] }
  contents.programs.push({
    name: 'node',
    version: '26.0.0',
    cpe: 'cpe:2.3:a:nodejs:node.js:26.0.0:*:*:*:*:*:*:*',
    ...program,
  })
  const library = dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'))
  const schema = async (name: string) =>
    JSON.parse(await readFile(join(library, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'))
  const anything = { validate: () => true }
  const formats = { 'iri-reference': anything, 'idn-email': anything, 'date-time': anything, uri: anything }
  const ajv = new Ajv({ strict: false, allErrors: true, formats })
  const base = 'http://cyclonedx.org/schema'
  for (const name of ['spdx', 'jsf-0.82']) ajv.addSchema(await schema(name), `${base}/${name}.SNAPSHOT.schema.json`)
  const validate = ajv.compile(await schema('bom-1.6'))
  const document = JSON.parse(sbomDocument(subject, contents))
  assert.equal(validate(document), true, JSON.stringify(validate.errors))
  assert.equal(validate({ ...document, serialNumber: 'urn:uuid:1' }), false)
})

test('the same image gives the same SBOM, byte for byte, and another one another serial number', async (t) => {
  const contents = async () => await imageContents(await root(t), [])
  const first = sbomDocument(subject, await contents())
  assert.equal(sbomDocument(subject, await contents()), first)
  const other = sbomDocument({ ...subject, digest: `sha256:${'b'.repeat(64)}` }, await contents())
  const serial = (text: string) => JSON.parse(text).serialNumber as string
  assert.match(serial(first), /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.notEqual(serial(other), serial(first))
})

test('packages of a bundle are those of which bytes are in it, by the nearest package.json with a name', async (t) => {
  const directory = await temporaryDirectory(t)
  await fill(directory, {
    'main.js': "import { used } from 'barrel'\nimport { shaken } from 'shaken'\nconsole.log(used)\n",
    'node_modules/barrel/package.json': '{"name":"barrel","version":"1.0.0","main":"index.js"}',
    'node_modules/barrel/index.js': "export { used } from 'used'\n",
    'node_modules/used/package.json': '{"name":"used","version":"1.2.3","main":"dist/index.js"}',
    'node_modules/used/dist/package.json': '{"type":"module"}',
    'node_modules/used/dist/index.js': 'export const used = 1\n',
    'node_modules/shaken/package.json': '{"name":"shaken","version":"1.0.0","main":"index.js"}',
    'node_modules/shaken/index.js': 'export const shaken = 1\n',
  })
  const { metafile } = await build({
    entryPoints: ['main.js'],
    absWorkingDir: directory,
    bundle: true,
    write: false,
    format: 'esm',
    metafile: true,
    outdir: 'out',
  })
  assert.deepEqual(await bundledPackages(metafile, directory), [{ name: 'used', version: '1.2.3' }])
  assert.deepEqual(
    (await installedPackages(directory)).map(({ name }) => name),
    ['barrel', 'shaken', 'used'],
  )
})

test('a link in an image never leads out of it, and a circle of links ends', async (t) => {
  const outside = await temporaryDirectory(t)
  const directory = join(outside, 'root')
  await fill(outside, { secret: 'outside' })
  await fill(directory, {
    secret: 'inside',
    'usr/up': { link: '../../../../secret' },
    'usr/absolute': { link: '/secret' },
    'usr/circle': { link: 'circle' },
  })
  assert.equal(await readInRoot(directory, 'usr/up'), 'inside')
  assert.equal(await readInRoot(directory, 'usr/absolute'), 'inside')
  assert.equal(await readInRoot(directory, 'usr/circle'), undefined)
  assert.equal(await readInRoot(directory, 'usr/none'), undefined)
})

test('licenses are read of machine-readable copyright files only', () => {
  assert.deepEqual(debianLicenses('This is GPL.\nLicense: GPL-2\n'), [])
  const format = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
  assert.deepEqual(debianLicenses(`${format}License: GPL-3\nLicense: public-domain\nLicense: GPL-3\n`), [
    'GPL-3.0-only',
    'public-domain',
  ])
})
