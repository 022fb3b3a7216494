import { createPrivateKey } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { encryptPrivateKey } from '@sealift/bundle-spec/private-key.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { writeBackup } from '../../../installer/src/backup/file/write.ts'
import type { parts } from '../../../installer/src/backup/media-types.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { renderWith } from '../../../installer/src/build/render.ts'
import { createAuthority, issueCertificate } from '../../../installer/src/certificates/issue.ts'
import { splitBundle } from '../../../installer/src/stores/bundle/split.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { claims, licenseKeys, signingKeys } from '../../fixtures/release.ts'
import { vsixOf } from '../../fixtures/vsix.ts'
import { tarOf } from './tar.ts'

const host = 'registry.sealift.example'
/** milliseconds */
const day = 86_400_000

const name = `${host}/cde/manager:0.1.0`

/** An image as JSON documents and a layer. */
function image(text: string, type: (kind: 'config' | 'layer') => string) {
  const layer = Buffer.from(text)
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  )
  const descriptor = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(bytes), size: bytes.length })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor(config, type('config')),
      layers: [descriptor(layer, type('layer'))],
    }),
  )
  return { layer, config, manifest, descriptor: descriptor(manifest, mediaTypes.manifest) }
}
const ociTypes = (kind: 'config' | 'layer') =>
  kind === 'config' ? mediaTypes.config : 'application/vnd.oci.image.layer.v1.tar'

/** Files of an OCI layout with one image, by path. */
function layout(): Record<string, Buffer> {
  const { layer, config, manifest, descriptor } = image('workspace', ociTypes)
  const blobs = [layer, config, manifest].map((bytes) => [`blobs/sha256/${digestOf(bytes).slice(7)}`, bytes] as const)
  const annotations = { 'org.opencontainers.image.ref.name': 'workspace' }
  const index = { schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }
  return {
    'oci-layout': Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    'index.json': Buffer.from(JSON.stringify(index)),
    ...Object.fromEntries(blobs),
  }
}

/** What `docker save` writes. */
function archive(): Buffer {
  const { layer, config } = image(`manager ${'x'.repeat(600)}`, ociTypes)
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]
  return tarOf(
    new Map([
      ['layer.tar', layer],
      ['config.json', config],
      ['manifest.json', Buffer.from(JSON.stringify(manifest))],
    ]),
  )
}

const release = `apiVersion: sealift.dev/v1
kind: ReleaseSource
name: cde
version: 0.1.0
created: 2026-01-01T00:00:00Z
platforms: [linux/amd64]
minimumKubernetes: "1.30"
chart: {path: chart, reference: "${host}/cde/charts/cde"}
images:
  - {name: manager, reference: "${name}", role: component, source: "docker-archive:saved.tar:${name}"}
  - name: workspace
    reference: "${host}/cde/workspace:0.1.0"
    role: workspace
    why: started by the manager
    source: "oci-layout:layout:workspace"
files:
  - {name: tool, path: tool, executable: true}
  - {name: helm}
extensions:
  - path: hello.vsix
valuesSets:
  - {name: default, values: {replicas: 1, domain: {ingress: true}}}
`
const rendered = `apiVersion: v1
kind: Pod
metadata: {name: manager}
spec: {containers: [{name: m, image: "${name}"}]}
`
const chart = {
  'Chart.yaml': 'apiVersion: v2\nname: cde\nversion: 0.1.0\nappVersion: "0.1.0"\nkeywords: [a, b]\n',
  'values.yaml': 'replicas: 1\nproxy:\n  http: ""\n  https: ""\nimage: {repository: cde/manager}\n',
  'templates/pod.yaml': 'kind: Pod\n',
}

const answers = `apiVersion: sealift.dev/v1
kind: Answers
mode: restricted
bundle: cde.bundle
license: my.license
trust: [vendor.pub]
kubeconfig: kubeconfig
namespace: cde
registry: {kind: serve, address: "127.0.0.1:1"}
host: cde.example
outside: ["https://git.vendor.example"]
people: 20
tls: {certFile: tls.crt, keyFile: tls.key, caFile: ca.crt}
`
const registries = `registries:
  127.0.0.1:1:
    plainHttp: true
    ca: ca.crt
    mirrors: ["127.0.0.1:1/mirror"]
  other.example:
    username: robot
    passwordFile: password
`
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: site, cluster: {server: "https://127.0.0.1:6444"}}]
users: [{name: admin, user: {token: secret}}]
contexts: [{name: site, context: {cluster: site, user: admin}}]
current-context: site
`
const dockerConfig = JSON.stringify({
  auths: { '127.0.0.1:1': { auth: Buffer.from('robot:secret').toString('base64') }, 'other.example': {} },
  credHelpers: { 'helped.example': 'none' },
})
const list = {
  apiVersion: 'sealift.dev/v1',
  kind: 'Allowlist',
  release: { name: 'cde', version: '0.1.0' },
  version: '2026113001',
  endpoints: ['registry.example', 'git.example'].map((host) => ({
    id: host,
    scheme: 'https',
    host,
    match: 'exact',
    port: 443,
    at: 'outside',
    from: ['nodes', 'bastion'],
    phases: ['install', 'run'],
    modes: ['restricted'],
    required: true,
    why: 'Images are pulled from it.',
    without: 'Pods do not start.',
    since: '0.1.0',
    because: { kind: 'image', name: `${host}/app:1` },
    known: { how: 'declared' },
  })),
  changes: [],
}

/** A backup with something in each part, encrypted for whoever knows the passphrase, or plain. */
async function backup(directory: string, file: string, passphrase?: string): Promise<void> {
  const contents: Record<keyof typeof parts, string> = {
    dump: `PGDMP${'x'.repeat(2000)}`,
    secrets: JSON.stringify([{ name: 'login', type: 'Opaque', labels: {}, annotations: {}, data: { key: 'eA==' } }]),
    receipt: '{"release":{"name":"cde"}}',
    answers,
    values: '{"replicas":1}',
  }
  const place = { directory, name: file, partial: `${file}.partial` }
  await writeBackup(
    { ...place, ...(passphrase === undefined ? {} : { protection: { passphrase } }) },
    async (writer) => {
      for (const [part, text] of Object.entries(contents))
        await writer.add(part as keyof typeof parts, (sink) => sink.write(Buffer.from(text)))
      return {
        apiVersion: 'sealift.dev/v1',
        kind: 'Backup',
        created: '2026-11-30T00:00:00Z',
        tool: '0.1.0',
        site: { server: 'https://127.0.0.1:1', namespace: 'cde', host: 'cde.example' },
        release: { name: 'cde', version: '0.1.0', digest: digestOf(Buffer.from('release')) },
        receipt: digestOf(Buffer.from(contents.receipt)),
        postgres: { major: 17, own: true },
        migrations: [{ name: '001_begin.sql', hash: 'abc' }],
        tables: [{ name: 'users', rows: 3, sum: '1:2' }],
        data: 8192,
        claims: [{ name: 'home-1', labels: { app: 'x' }, storage: '1Gi', accessModes: ['ReadWriteOnce'] }],
        encryption: passphrase === undefined ? 'none' : 'passphrase',
      }
    },
  )
}

/**
 * Makes a directory with one good input of every kind, all of them small and fit for each other: a release and its bundle,
 * whole and in parts, licenses, keys, answers, lists, backups, and what says how registries and the cluster are reached.
 */
export async function makeGood(directory: string): Promise<void> {
  const at = (file: string) => join(directory, file)
  const put = async (file: string, content: string | Uint8Array, mode = 0o644) => {
    await mkdir(dirname(at(file)), { recursive: true })
    await writeFile(at(file), content, { mode })
  }
  for (const [file, text] of Object.entries(chart)) await put(`chart/${file}`, text)
  for (const [file, bytes] of Object.entries(layout())) await put(`layout/${file}`, bytes)
  const signing = signingKeys()
  const licenses = licenseKeys()
  const license = await issueLicense(claims(), licenses.privateKey)
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + 300 * day) }
  const authority = await createAuthority('CA of the test', ['cde.example'], validity)
  const server = await issueCertificate(authority, ['cde.example'], validity)
  const files: Record<string, string | Uint8Array> = {
    'ca.crt': authority.certificate,
    'tls.crt': server.certificate,
    'tls.key': server.key,
    'release.yaml': release,
    'saved.tar': archive(),
    tool: 'a tool\n',
    'hello.vsix': vsixOf(),
    'rendered.yaml': rendered,
    'vendor.key': signing.privateKey,
    'vendor.pub': signing.publicKey,
    'sealed.key': encryptPrivateKey(createPrivateKey(signing.privateKey), 'correct horse'),
    'licenses.key': licenses.privateKey,
    'licenses.pub': licenses.publicKey,
    'my.license': `${license}\n`,
    'answers.yaml': answers,
    'registries.yaml': registries,
    'docker/config.json': dockerConfig,
    'list.json': JSON.stringify(list, undefined, 2),
    'new.json': JSON.stringify(list, undefined, 2),
    passphrase: 'correct horse\n',
    password: 'secret\n',
    kubeconfig,
  }
  for (const [file, content] of Object.entries(files)) await put(file, content)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
  await put('helm', '#!/bin/sh\nexec cat "${0%/*}/rendered.yaml"\n', 0o755)
  const { path } = await buildBundle({
    source: at('release.yaml'),
    out: at('cde.bundle'),
    registry: memoryStore('no registry'),
    signingKey: signing.privateKey,
    license,
    licenseKeys: [licenses.publicKey],
    files: { helm: at('helm') },
    render: renderWith(at('helm')),
  })
  await put('good.bundle', await readFile(path))
  await splitBundle({ path, partSize: 8192, signingKey: signing.privateKey, out: at('cut') })
  await mkdir(at('backups'))
  await backup(at('backups'), 'plain.backup')
  await backup(at('backups'), 'sealed.backup', 'correct horse')
}
