import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { headerOf } from '@sealift/bundle-spec/tar.ts'
import { parse, stringify } from 'yaml'
import { matchesHost } from '../../bundle-spec/src/host-pattern.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { registryStore } from '../../installer/src/stores/registry/store.ts'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { extensionsGallery } from '../../services/workspace/ide/gallery.ts'
import { push } from '../integration/build-sources-release.ts'
import { borrowLab } from '../lab/borrow.ts'
import { createAuthority, issueCertificate } from '../lab/certificates.ts'
import { run } from '../lab/command.ts'
import { demoFiles } from '../lab/demo-files.ts'
import { sealDemo } from '../lab/demo-seal.ts'
import { sealiftExecutable } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'
import { logIn, type Platform, type User } from '../lab/demo-user.ts'
import type { Lab } from '../lab/lab.ts'
import { ensurePackages } from '../lab/packages.ts'
import { type Squid, startSquid } from '../lab/squid.ts'
import { atVendor, sealSource } from '../lab/vendor.ts'
import { providerAt } from './identity-provider.ts'
import { type Outside, outsideHosts, startOutside } from './outside.ts'

const host = 'cde.sealift.test'
const manifests = resolve(import.meta.dirname, '../../manifests')
const files = demoFiles(join(cacheDirectory(), 'e2e'))
const closing: (() => unknown)[] = []
const limit = { timeout: 15 * 60_000 }
let lab: Lab
let scratch: string
let outside: Outside
/** the vendor's way out, which lets everything through */
let open: Squid
/** the site's only one */
let squid: Squid
let platform: Platform
let admin: User
let variables: Record<string, string>
const at = (name: string) => join(scratch, name)

const sealift = async (args: readonly string[], proxy?: Squid) =>
  await run(await sealiftExecutable(), args, {
    environment: { ...variables, ...(proxy ? { HTTPS_PROXY: proxy.url } : {}) },
    timeout: 15 * 60_000,
  })
const list = async (name: string): Promise<Allowlist> => JSON.parse(await readFile(at(name), 'utf8'))

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'restricted-'))
  // squid gives up root
  await chmod(scratch, 0o711)
  closing.push(() => rm(scratch, { recursive: true, force: true }))
  await ensurePackages('lab', 'images', 'registry', 'proxy')
  const borrow = async () => {
    const { giveBack, ...borrowed } = await borrowLab({ fresh: true })
    closing.push(giveBack)
    lab = borrowed.lab
  }
  const say = steps((line) => console.log(line), false)
  await Promise.all([borrow(), sealDemo(files, files.sealed, say)])
  const authority = await createAuthority(scratch, 'ca', 'CA of Example Site and of the outside')
  outside = await startOutside(scratch, join(files.registryData, 'storage'), authority)
  closing.push(() => outside.stop())
  const issuer = `https://${outsideHosts.issuer}`
  const { listener, ...client } = providerAt(issuer, `https://${host}/auth/oidc/callback`)
  outside.atIssuer(listener)
  open = await startSquid({ directory: at('open'), hosts: outside.addresses })
  closing.push(() => open.stop())
  variables = {
    NODE_EXTRA_CA_CERTS: authority.certificateFile,
    NO_PROXY: [lab.nodeAddress, lab.bastionAddress, '.sealift.test', '10.0.0.0/8'].join(),
  }

  await lab.kubectl(['create', 'namespace', 'cde'])
  await lab.kubectl(['label', 'namespace', 'cde', 'pod-security.kubernetes.io/enforce=restricted'])
  const secret = `--from-literal=client-secret=${client.clientSecret}`
  await lab.kubectl(['--namespace=cde', 'create', 'secret', 'generic', 'cde-oidc', secret])
  const dns = [host, '*.dev.sealift.test']
  const own = await issueCertificate(authority, scratch, 'site', { commonName: host, dns, usage: ['serverAuth'] })
  // the port is told to everybody before the list is there
  squid = await startSquid({ directory: at('squid'), address: lab.bastionAddress, acl: 'http_access deny all' })
  await writeFile(
    at('answers.yaml'),
    stringify({
      apiVersion: 'sealift.dev/v1',
      kind: 'Answers',
      mode: 'restricted',
      release: `${outsideHosts.registry}/cde/release:0.1.0`,
      license: files.free,
      trust: [files.trust],
      kubeconfig: lab.kubeconfig,
      proxy: { http: squid.url, https: squid.url, exempt: ['.sealift.test', '10.0.0.0/8'] },
      outside: [`https://${outsideHosts.git}`],
      registry: { kind: 'existing', address: outsideHosts.registry },
      host,
      devUrlsHost: 'dev.sealift.test',
      tls: { certFile: own.certificateFile, keyFile: own.keyFile, caFile: authority.certificateFile },
      values: {
        oidc: { issuer, clientId: client.clientId, secretName: 'cde-oidc' },
        editors: { gallery: `https://${outsideHosts.gallery}/gallery` },
      },
    }),
  )
  await squid.stop()
  closing.push(() => squid.stop())
}, limit)

after(async () => {
  await admin?.close()
  for (const step of closing.reverse()) await step()
})

/** Starts the site's proxy at its port, with the rules of a file and nothing else. */
async function startProxy(name: string, rules: string): Promise<void> {
  squid = await startSquid({
    directory: at(name),
    address: lab.bastionAddress,
    port: squid.port,
    acl: `${await readFile(rules, 'utf8')}\nhttp_access deny all`,
    hosts: outside.addresses,
  })
}

/** release.yaml of the platform, elsewhere. */
async function releaseAt(path: string, more: object): Promise<string> {
  const source = parse(await readFile(join(manifests, 'release.yaml'), 'utf8'))
  const inPlace = source.files.map((file: { path?: string }) =>
    file.path === undefined ? file : { ...file, path: join(manifests, file.path) },
  )
  const chart = { ...source.chart, path: join(manifests, 'chart') }
  await writeFile(path, stringify({ ...source, chart, files: inPlace, ...more }))
  return path
}

test('the vendor observes where its own pulls lead, and seals hosts that nobody declared', limit, async () => {
  const to = ['--to', outsideHosts.registry, '--trust', files.trust, '--license', files.paid, '--state-dir', scratch]
  await sealift(['seed', files.sealed, ...to, '--replace-tags'], open)
  const source = await releaseAt(at('release.yaml'), {})
  await sealift(['allowlist', 'generate', source, '--observe', '--format', 'json', '--out', at('list.json')], open)
  const observed = (await list('list.json')).endpoints.filter(({ known }) => known.how === 'observed')
  assert.deepEqual(
    observed.map(({ host, known }) => [host, known.after]),
    [
      [outsideHosts.blobs, outsideHosts.lead],
      [outsideHosts.lead, outsideHosts.registry],
      [outsideHosts.token, outsideHosts.registry],
    ],
  )
  await releaseAt(source, { allowlist: 'list.json' })
  await atVendor(files, (registry) => sealSource(files, registry, { source, out: at('cde.bundle') }))
  await sealift(['seed', at('cde.bundle'), ...to, '--replace-tags'], open)
})

test(
  'a restricted site installs with nothing open but its list, and nothing that it asks for is denied',
  limit,
  async () => {
    const generate = (format: string, out: string) => [
      ...['allowlist', 'generate', at('cde.bundle'), '--trust', files.trust, '--answers', at('answers.yaml')],
      ...['--format', format, '--out', out],
    ]
    await sealift(generate('squid', at('allowlist.conf')))
    await sealift(generate('json', at('site.json')))
    await startProxy('squid', at('allowlist.conf'))
    await lab.trust(outsideHosts.registry, variables.NODE_EXTRA_CA_CERTS as string)
    await lab.runtimeVariables({ HTTPS_PROXY: squid.url, NO_PROXY: '10.0.0.0/8,127.0.0.0/8' })
    closing.push(() => lab.runtimeVariables({}))
    const out = await sealift(['install', '--headless', '--answers', at('answers.yaml'), '--state', at('state')], squid)
    assert.match(out, /cde 0\.1\.0 is installed/)

    const read = (...args: string[]) => lab.kubectl(['--namespace=cde', 'get', ...args])
    const field = async (name: string, path: string) =>
      Buffer.from(await read('secret', name, `-o=jsonpath={.data.${path}}`), 'base64').toString()
    const address = await read('service', 'cde-ingress', '-o=jsonpath={.status.loadBalancer.ingress[0].ip}')
    platform = { host, address, port: 443, ca: await readFile(variables.NODE_EXTRA_CA_CERTS as string, 'utf8') }
    admin = await logIn(platform, 'admin', await field('cde-admin', 'password'))
    const workspace = await admin.createWorkspace('box')
    await admin.waitForWorkspace(workspace.id, 180_000)
    const shown = await admin.runInTerminal(
      workspace.id,
      `git clone -q https://${outsideHosts.git}/notes.git && cat notes/notes.txt`,
    )
    assert.match(shown, /from outside/)
    const gallery = extensionsGallery(`https://${outsideHosts.gallery}/gallery`)
    const install = 'node /opt/code-server/out/node/entry.js --install-extension acme.hello'
    const said = await admin.runInTerminal(workspace.id, `EXTENSIONS_GALLERY='${gallery}' ${install}`)
    assert.match(said, /'acme\.hello' v1\.2\.3 was successfully installed/)

    assert.equal(await loginLeadsAway(), true)

    const whole = await list('site.json')
    const live = await sealift(['allowlist', 'generate', '--live', `--kubeconfig=${lab.kubeconfig}`, '--format=json'])
    assert.deepEqual(JSON.parse(live), whole, 'what is installed has kept its list')
    const through = whole.endpoints.filter((endpoint) => endpoint.at === 'outside')
    await writeFile(at('outside.json'), JSON.stringify({ ...whole, endpoints: through }))
    // it logs a tunnel when that ends
    await squid.stop()
    const requests = await squid.log()
    assert.deepEqual(
      requests.filter(({ denied }) => denied),
      [],
    )
    assert.ok(requests.length > 0)
    for (const { host: asked, port } of requests)
      assert.ok(
        through.some((one) => one.port === port && matchesHost(one, asked)),
        `${asked}:${port} is not in the list`,
      )
    for (const { host: listed } of through)
      assert.ok(
        requests.some((one) => one.host === listed),
        `${listed} was not needed`,
      )
    console.log(`through the proxy: ${[...new Set(requests.map(({ target }) => target))].join(', ')}`)
  },
)

/** Why a node cannot pull an image that it has never had; undefined where it can. */
async function pullFault(name: string): Promise<string | undefined> {
  const image = `${outsideHosts.registry}/cde/${name}:1`
  const memory = memoryStore()
  const layer = Buffer.concat([headerOf('notes', 512), Buffer.from(randomUUID().padEnd(512)), Buffer.alloc(2 * 512)])
  const layers = [memory.put(layer, 'application/vnd.oci.image.layer.v1.tar')]
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) }
  const config = memory.put(toJson({ architecture: 'amd64', os: 'linux', rootfs }), mediaTypes.config)
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers }
  const descriptor = memory.put(toJson(manifest), mediaTypes.manifest)
  await memory.tag(image, descriptor)
  const vendor = registryStore({
    registries: { [outside.registry]: { plainHttp: true } },
    dockerConfig: false,
    proxy: {},
  })
  try {
    await push(memory, vendor, descriptor, `${outside.registry}/cde/${name}:1`)
  } finally {
    await vendor.close()
  }
  await lab.kubectl(['--namespace=default', 'run', name, `--image=${image}`, '--restart=Never'])
  try {
    for (const end = Date.now() + 90_000; ; await sleep(500)) {
      const path =
        '-o=jsonpath={.status.containerStatuses[0].state.waiting.reason} {.status.containerStatuses[0].state.waiting.message}'
      const [reason = '', ...message] = (await lab.kubectl(['--namespace=default', 'get', 'pod', name, path])).split(
        ' ',
      )
      if (/^(ErrImagePull|ImagePullBackOff)$/.test(reason)) return message.join(' ')
      // what there is of it is no program
      if (/Error|Loop/.test(reason)) return undefined
      assert.ok(Date.now() < end, `${name}: ${reason} ${message.join(' ')}`)
    }
  } finally {
    await lab.kubectl(['--namespace=default', 'delete', 'pod', name, '--force', '--grace-period=0'])
  }
}

/** Whether the manager finds the identity provider: then it sends people there. */
function loginLeadsAway(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const { address, ca } = platform
    get({ host: address, servername: host, path: '/auth/oidc/login', ca, headers: { host } }, (answer) => {
      answer.resume()
      resolve(answer.headers.location?.startsWith(`https://${outsideHosts.issuer}/`) ?? false)
    }).on('error', reject)
  })
}

/** What the check says of the site's list, from a place: ids that are not reached, each with what it fails at. */
async function notReached(from = 'bastion'): Promise<[string, string][]> {
  const words = ['allowlist', 'check', at('outside.json'), '--answers', at('answers.yaml'), '--from', from, '--json']
  const env = { ...variables, HTTPS_PROXY: squid.url }
  const { stdout } = await promisify(execFile)(await sealiftExecutable(), words, { env }).catch((error) => {
    assert.equal(error.code, 6)
    return error as { stdout: string }
  })
  const { results } = JSON.parse(stdout) as { results?: { id: string; outcome: string }[] }
  assert.ok(results, stdout)
  return results
    .filter(({ outcome }) => outcome !== 'reached' && outcome !== 'skipped')
    .map(({ id, outcome }) => [id, outcome])
}

test('each required entry, taken away, breaks what the list says, and the check names it', limit, async () => {
  const whole = await list('outside.json')
  const required = whole.endpoints.filter((endpoint) => endpoint.required)
  await startProxy('squid-with-all', at('allowlist.conf'))
  assert.deepEqual(
    required.map((endpoint) => endpoint.host).sort(),
    [outsideHosts.blobs, outsideHosts.lead, outsideHosts.token, outsideHosts.registry, outsideHosts.issuer].sort(),
  )
  for (const from of ['bastion', 'pods', 'workspaces']) assert.deepEqual(await notReached(from), [], from)
  assert.equal(await pullFault('with-all'), undefined)
  for (const [i, gone] of required.entries()) {
    const [less, rules] = [at(`less-${i}.json`), at(`less-${i}.conf`)]
    await writeFile(less, JSON.stringify({ ...whole, endpoints: whole.endpoints.filter(({ id }) => id !== gone.id) }))
    await sealift(['allowlist', 'generate', less, '--format', 'squid', '--out', rules])
    await squid.stop()
    await startProxy(`squid-${i}`, rules)
    if (gone.because.kind === 'image') {
      assert.deepEqual(await notReached(), [[gone.id, 'proxy']])
      assert.match((await pullFault(`without-${i}`)) ?? '', /Forbidden|403/, gone.id)
    } else {
      assert.deepEqual(await notReached('pods'), [[gone.id, 'proxy']])
      // restarted, the manager asks its issuer anew
      await lab.kubectl(['--namespace=cde', 'rollout', 'restart', 'deployment/cde-manager'])
      await lab.kubectl(['--namespace=cde', 'rollout', 'status', 'deployment/cde-manager', '--timeout=120s'], {
        timeout: 130_000,
      })
      // the one before serves until everybody has heard of the new one
      for (const end = Date.now() + 60_000; await loginLeadsAway(); await sleep(500))
        assert.ok(Date.now() < end, 'people are sent to an issuer that the manager does not reach')
    }
    assert.ok(
      (await squid.log()).some(({ host, denied }) => denied && host === gone.host),
      `${gone.host} was not asked for`,
    )
  }
})
