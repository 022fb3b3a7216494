import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { diagnose } from '../../installer/src/diagnose/diagnose.ts'
import { logIn, type User, type Workspace } from '../lab/demo-user.ts'
import { givesAway } from '../unit/installer/diagnose/spellings.ts'
import { rawText, unpack } from '../unit/installer/diagnose/unpack.ts'
import { devHost, type PlatformSite, startSite } from './platform-site.ts'

const password = 'planted p4ssw"rd of ann'
const username = 'ann.smith'
const address = 'ann.smith@bank.example'
const planted = `planted-${crypto.randomUUID()}+/=`
const quiet = { version: '0.1.0', signal: new AbortController().signal, onStep: () => {} }

let site: PlatformSite
let ann: User
let box: Workspace

before(async () => {
  site = await startSite({
    name: 'diagnose',
    dns: [`*.${devHost}`],
    values: async () => ({ devurls: { host: devHost }, ingress: { tls: { devurlsHostSecretName: 'cde-tls' } } }),
  })
  const added = await site.admin.request('POST', '/api/v0/users', { username, password })
  assert.equal(added.status, 201, JSON.stringify(added.body))
  ann = await logIn(site.platform, username, password)
  box = await ann.createWorkspace('my-box')
  await ann.waitForWorkspace(box.id, 180_000)
  // what the ingress writes down of requests: hosts and paths
  await ann.request(
    'GET',
    `/${encodeURIComponent(address)}/${encodeURIComponent(planted)}?token=${encodeURIComponent(planted)}`,
  )
  const { kubectl } = site
  await kubectl(['create', 'secret', 'generic', 'planted', `--from-literal=password=${planted}`])
  const settings = JSON.stringify({
    user: { email: address },
    db: { url: `postgres://cde:${encodeURIComponent(planted)}@db/cde` },
  })
  await kubectl([
    'create',
    'configmap',
    'planted',
    `--from-literal=settings.json=${settings}`,
    `--from-literal=blob=${Buffer.from(planted).toString('base64')}`,
  ])
  await kubectl(['annotate', 'configmap', 'planted', `note=tried ${planted}`])
  await kubectl(['label', 'pod', '-l', `sealift.dev/workspace=${box.id}`, `owner=${username}`])
  await kubectl(['set', 'env', 'deployment/cde-dashboard', `PLANTED_TOKEN=${planted}`])
  await kubectl(['set', 'image', 'deployment/cde-dashboard', 'dashboard=registry.invalid/none:1'])
  const end = Date.now() + 60_000
  while (!/ErrImagePull|ImagePullBackOff/.test(await kubectl(['get', 'pods']))) {
    if (Date.now() > end) throw new Error(await kubectl(['get', 'pods']))
    await sleep(500)
  }
})

after(async () => {
  await ann?.close()
  await site?.close()
})

test('an installation is diagnosed, and nothing secret or personal is in the archive', async () => {
  const { kubectl, lab, directory, adminPassword } = site
  const out = join(directory, 'diagnosis.tar.gz')
  const { summary } = await diagnose({ ...quiet, kubeconfig: lab.kubeconfig, state: directory, out })
  const files = await unpack(out)

  const secrets = JSON.parse(await kubectl(['get', 'secrets', '--output=json'])).items as {
    type: string
    data?: Record<string, string>
  }[]
  const values = secrets
    .filter(({ type }) => !type.startsWith('helm.sh'))
    .flatMap(({ data = {} }) => Object.entries(data))
    .filter(([key]) => !/\.crt$|^username$/.test(key))
    .map(([, value]) => Buffer.from(value, 'base64').toString().trim())
  assert.ok(values.length >= 8)
  const bodies = values.flatMap((value) => (value.includes('PRIVATE KEY') ? value.split('\n').slice(1, -1) : [value]))
  const { user } = JSON.parse(await readFile(lab.kubeconfig, 'utf8')).users[0] as { user: Record<string, string> }
  const all = await rawText(out)
  for (const one of [
    ...bodies,
    ...Object.values(user),
    planted,
    adminPassword,
    password,
    address,
    username,
    'ann-smith',
  ])
    for (const [name, text] of files) assert.equal(givesAway(text, one), undefined, `${one.slice(0, 10)}… in ${name}`)
  assert.ok(!all.includes('sh.helm.release'))

  assert.match(
    summary.problems.join('\n'),
    /pod cde-dashboard-\S+ \(dashboard\): (?:ErrImagePull|ImagePullBackOff): .*registry\.invalid\/none:1/,
  )
  const pods = JSON.parse(await kubectl(['get', 'pods', '--output=json'])).items as {
    metadata: { name: string }
    spec: { containers: { image: string }[] }
  }[]
  for (const { metadata, spec } of pods) {
    assert.ok(all.includes(metadata.name), metadata.name)
    assert.ok(all.includes(spec.containers[0]?.image ?? '?'), metadata.name)
  }
  for (const component of ['manager', 'envproxy', 'ingress', 'postgres'])
    assert.ok(
      [...files].some(([name, text]) => name.startsWith(`logs/cde-${component}`) && text.length > 100),
      component,
    )
  assert.match(files.get('cluster/health.yaml') ?? '', /pod: cde-manager[\s\S]*?status: 200/)
  for (const kind of [
    'pods',
    'deployments.apps',
    'networkpolicies.networking.k8s.io',
    'persistentvolumeclaims',
    'ingresses.networking.k8s.io',
  ])
    assert.ok(files.has(`cluster/namespace/${kind}.yaml`), kind)
  for (const kind of [
    'nodes',
    'storageclasses.storage.k8s.io',
    'ingressclasses.networking.k8s.io',
    'validatingadmissionpolicies.admissionregistration.k8s.io',
    'persistentvolumes',
    'namespaces',
  ])
    assert.ok(files.has(`cluster/cluster-wide/${kind}.yaml`), kind)
  // the ingress wrote the request down, without what is nobody's business
  assert.match(
    [...files].find(([name]) => name.startsWith('logs/cde-ingress'))?.[1] ?? '',
    /"path":"\/user-\d+@redacted\.invalid\/\[redacted\]"/,
  )
  // pods of the dashboard are being replaced: one that was listed may be gone when its log is asked for
  assert.deepEqual(
    summary.missing.filter(({ part }) => !part.startsWith('log of cde-dashboard-')),
    [],
  )
})

test('where the API server is not to be reached, the archive is there within seconds', async () => {
  const { lab, directory } = site
  const config = JSON.parse(await readFile(lab.kubeconfig, 'utf8'))
  // nobody has this address, so that packets get no answer
  config.clusters[0].cluster.server = 'https://10.99.0.250:6443'
  const kubeconfig = join(directory, 'unreachable')
  await writeFile(kubeconfig, JSON.stringify(config))
  const out = join(directory, 'down.tar.gz')
  const begun = performance.now()
  const { summary } = await diagnose({ ...quiet, kubeconfig, state: directory, out })
  assert.ok(performance.now() - begun < 10_000, `${performance.now() - begun} ms`)
  assert.equal(summary.cluster.reached, false)
  assert.deepEqual(
    summary.missing.map(({ part }) => part),
    ['everything of the cluster'],
  )
  assert.ok((await unpack(out)).has('local/host.yaml'))
})
