import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type DiagnoseOptions, diagnose } from '../../../../installer/src/diagnose/diagnose.ts'
import { code } from '../../../fixtures/code.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { fakeSite, forbidden } from './fake-site.ts'
import { everyWay, known, logs, objects, people, unknown, useful } from './planted-site.ts'
import { givesAway } from './spellings.ts'
import { rawText, unpack } from './unpack.ts'

const quiet = { version: '0.1.0', signal: new AbortController().signal, onStep: () => {} }

/** A site with planted secrets in its cluster and on this machine. */
async function plantedSite(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const site = await fakeSite(t, objects, unknown.token)
  const pod = '/api/v1/namespaces/cde/pods/cde-manager-7d9f8b7c9d-x2x4z'
  site.answers.set(`${pod}/log`, logs.manager as string)
  site.answers.set('/api/v1/namespaces/cde/pods/cde-ingress-0/log', logs.ingress as string)
  site.answers.set('/api/v1/namespaces/cde/pods/http:cde-manager-7d9f8b7c9d-x2x4z:8080/proxy/healthz', (response) => {
    response.writeHead(502, { 'content-type': 'application/json' })
    response.end(`{"code":"DATABASE_UNAVAILABLE","message":"tried ${known.postgres}"}`)
  })
  const state = join(directory, 'state')
  await mkdir(join(state, 'uploads'), { recursive: true })
  const journal = [
    { at: 1, run: 'a', stage: 'license', event: 'done' },
    { at: 2, run: 'a', stage: 'deploy', event: 'failed', code: 'CLUSTER_HELM_UPGRADE' },
    { at: 3, run: 'b', stage: 'verify', event: 'start' },
  ]
  await writeFile(join(state, 'journal.jsonl'), journal.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  await writeFile(
    join(state, 'sealift-receipt.json'),
    '{"release":{"name":"cde","version":"0.1.0"},"installed":"2026-01-01T00:00:00Z"}',
  )
  await writeFile(
    join(state, 'events.jsonl'),
    `${everyWay()
      .map((line) => JSON.stringify({ type: 'log', message: line }))
      .join('\n')}\n`,
  )
  await mkdir(join(state, '.sealift-diagnose-left'))
  await writeFile(join(state, '.sealift-diagnose-left', 'left.log'), 'of a diagnosis that was killed')
  await writeFile(join(state, 'uploads', 'kubeconfig.json'), `{"token":"${unknown.token}"}`)
  await writeFile(join(state, 'uploads', 'keyFile-1-site'), `${unknown.upload}\n`)
  await writeFile(join(state, 'ca.key'), 'not a key, but secret all the same')
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, `${unknown.answers}\n`)
  await writeFile(join(directory, 'login'), `ann.smith:${unknown.proxyLogin}\n`)
  const answers = join(directory, 'answers.yaml')
  await writeFile(
    answers,
    `apiVersion: sealift.dev/v1\nkind: Answers\nkubeconfig: ${site.kubeconfig}\nhost: cde.site.example\n` +
      `proxy: {https: "http://proxy.example:3128", loginFile: login}\n` +
      `registry: {address: r.example, username: puller, passwordFile: password}\n` +
      `values: {oidc: {clientSecret: ${unknown.named}, note: "it is ${unknown.answers}, ${unknown.proxyLogin}, or ${unknown.upload}"}}\n`,
  )
  return { ...site, directory, state, answersFile: answers, out: join(directory, 'out.tar.gz') }
}

function environment(t: TestContext, variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    process.env[name] = value
    t.after(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
}

test('nothing that is secret or personal is in the archive, and what helps is', async (t) => {
  environment(t, {
    HTTPS_PROXY: `http://ann.smith:${unknown.proxy}@proxy.example:3128`,
    SEALIFT_KEY_PASSPHRASE: unknown.passphrase,
  })
  const site = await plantedSite(t)
  const made = await diagnose({ ...quiet, answers: site.answersFile, state: site.state, out: site.out })
  const files = await unpack(site.out)
  for (const [name, text] of [...files, ['the whole archive', await rawText(site.out)] as const])
    for (const [what, planted] of [
      ...Object.entries({ ...known, ...unknown }),
      ...people.map((one) => ['a person', one] as const),
    ]) {
      const found = givesAway(text, planted)
      const at = text.indexOf(planted)
      assert.equal(found, undefined, `${what} as ${found} in ${name}: ${text.slice(Math.max(0, at - 80), at + 80)}`)
    }
  const all = [...files.values()].join('\n')
  for (const text of useful) assert.ok(all.includes(text), text)

  assert.deepEqual([...files.keys()].slice(0, 3), ['summary.txt', 'summary.json', 'versions.yaml'])
  const summary = files.get('summary.txt') ?? ''
  for (const line of [
    /pod cde-manager-7d9f8b7c9d-x2x4z \(manager\): CrashLoopBackOff: exit code 1/,
    /node node-1: Ready is False: KubeletNotReady: runtime is down/,
    /its last error: CLUSTER_HELM_UPGRADE in the stage deploy/,
    /ended without a word in the stage verify/,
    /7× FailedMount Pod\/cde-manager/,
    /release cde 0\.1\.0, installed 2026-01-01.*revision 3, failed/,
  ])
    assert.match(summary, line)
  assert.deepEqual([...files.keys()].filter((name) => name.startsWith('logs/')).sort(), [
    'logs/cde-ingress-0/ingress.log',
    'logs/cde-manager-7d9f8b7c9d-x2x4z/manager.log',
    'logs/cde-manager-7d9f8b7c9d-x2x4z/manager.previous.log',
  ])
  for (const name of [
    'cluster/namespace/secrets.yaml',
    'cluster/helm-history.yaml',
    'cluster/events.txt',
    'cluster/health.yaml',
    'local/answers.yaml',
    'local/state/events.jsonl',
  ])
    assert.ok(files.has(name), name)
  assert.match(files.get('cluster/namespace/secrets.yaml') ?? '', /key: password\n {4}bytes: 32\n/)
  assert.doesNotMatch(all, /sh\.helm\.release/)
  assert.doesNotMatch([...files.keys()].join(), /upload|ca\.key|left/)
  assert.deepEqual(JSON.parse(files.get('summary.json') ?? '').missing, made.summary.missing)
  assert.equal((await stat(site.out)).mode & 0o777, 0o600)
  assert.deepEqual(
    (await readdir(site.directory)).filter((name) => /partial|\.sealift/.test(name)),
    [],
  )
})

test('one person has one pseudonym in the whole archive', async (t) => {
  const site = await plantedSite(t)
  await diagnose({ ...quiet, answers: site.answersFile, state: site.state, out: site.out })
  const files = await unpack(site.out)
  const [, label] = /example.com\/owner: (user-\d+)/.exec(files.get('cluster/namespace/pods.yaml') ?? '') ?? []
  assert.ok(label)
  assert.match(
    files.get('logs/cde-ingress-0/ingress.log') ?? '',
    new RegExp(`8000-workspace-${label}\\.dev\\.site\\.example`),
  )
  assert.match(files.get('logs/cde-manager-7d9f8b7c9d-x2x4z/manager.log') ?? '', new RegExp(`${label} came, too`))
})

test('while the cluster is down, what this machine knows is there within seconds', async (t) => {
  const site = await plantedSite(t)
  // takes connections and says nothing
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const config = JSON.parse(await readFile(site.kubeconfig, 'utf8'))
  config.clusters[0].cluster.server = `http://127.0.0.1:${port}`
  await writeFile(site.kubeconfig, JSON.stringify(config))
  const begun = performance.now()
  const { summary } = await diagnose({ ...quiet, answers: site.answersFile, state: site.state, out: site.out })
  assert.ok(performance.now() - begun < 15_000, `${performance.now() - begun} ms`)
  assert.equal(summary.cluster.reached, false)
  assert.deepEqual(
    summary.missing.map(({ part }) => part),
    ['answers as the installation reads them', 'everything of the cluster'],
  )
  const files = await unpack(site.out)
  for (const name of ['local/answers.yaml', 'local/state/journal.jsonl', 'local/host.yaml', 'versions.yaml'])
    assert.ok(files.has(name), name)
  const text = await rawText(site.out)
  for (const planted of [unknown.answers, unknown.token, unknown.named])
    assert.equal(givesAway(text, planted), undefined)
})

const broken: Record<string, Partial<DiagnoseOptions> & { files?: Record<string, string> }> = {
  'a kubeconfig that is none': { files: { config: 'x: [' }, kubeconfig: 'config' },
  'a kubeconfig that is not there': { kubeconfig: 'none' },
  'answers that are no YAML': { files: { answers: '{[' }, answers: 'answers' },
  'answers without anything': { files: { answers: '' }, answers: 'answers' },
  'a state directory that is a file': { files: { state: '' }, state: 'state' },
}
for (const [what, { files = {}, ...options }] of Object.entries(broken))
  test(`${what} is a line of the summary`, async (t) => {
    const directory = await temporaryDirectory(t)
    environment(t, { KUBECONFIG: join(directory, 'no-kubeconfig'), XDG_STATE_HOME: directory })
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
    const paths = Object.fromEntries(Object.entries(options).map(([key, name]) => [key, join(directory, String(name))]))
    const out = join(directory, 'out.tar.gz')
    const { summary } = await diagnose({ ...quiet, ...paths, out })
    assert.ok(summary.missing.some(({ part }) => part === 'everything of the cluster'))
    assert.ok((await unpack(out)).has('summary.txt'))
  })

test('a part that may not be read, does not end, or lies, is a line of the summary, and all others are there', async (t) => {
  const site = await plantedSite(t)
  site.answers.set('/api/v1/namespaces/cde/secrets', forbidden)
  site.answers.set('/api/v1/nodes', forbidden)
  site.answers.set('/apis/example.com/v1', 'not JSON')
  site.answers.set('/api/v1/namespaces/cde/pods/cde-ingress-0/log', (response) => response.destroy())
  const { summary } = await diagnose({ ...quiet, answers: site.answersFile, state: site.state, out: site.out })
  const missing = summary.missing.map(({ part }) => part).join('\n')
  for (const part of [
    /^secrets, so that/m,
    /^nodes$/m,
    /^the kinds of example\.com\/v1$/m,
    /^log of cde-ingress-0 ingress$/m,
  ])
    assert.match(missing, part)
  const files = await unpack(site.out)
  assert.ok(files.has('cluster/namespace/pods.yaml') && files.has('logs/cde-manager-7d9f8b7c9d-x2x4z/manager.log'))
  assert.match(files.get('summary.txt') ?? '', /User "user-\d+" cannot do this/)
})

test('the archive keeps to its size; the newest lines are kept, and the summary says what was cut', async (t) => {
  const site = await plantedSite(t)
  let line = 0
  const noise = () => `line ${line++} ${Buffer.from(crypto.getRandomValues(new Uint8Array(90))).toString('hex')}\n`
  for (const name of ['cde-ingress-0', 'cde-manager-7d9f8b7c9d-x2x4z'])
    site.answers.set(`/api/v1/namespaces/cde/pods/${name}/log`, Array.from({ length: 12_000 }, noise).join(''))
  const most = 2_000_000
  const { bytes, summary } = await diagnose({
    ...quiet,
    answers: site.answersFile,
    state: site.state,
    out: site.out,
    maxSize: most,
  })
  assert.ok(bytes <= most && bytes === (await stat(site.out)).size && bytes > most / 4, `${bytes}`)
  const files = await unpack(site.out)
  const log = files.get('logs/cde-ingress-0/ingress.log') ?? ''
  assert.match(log, /^\[\d+ bytes .*not here/)
  assert.match(log, /\nline 11999 [0-9a-f]+\n$/)
  assert.ok(summary.cut.some(({ file }) => file === 'logs/cde-ingress-0/ingress.log'))
  assert.match(files.get('summary.txt') ?? '', /What was cut[\s\S]*logs\/cde-ingress-0\/ingress\.log: \d+ bytes/)
})

test('a secret that comes in two chunks is found, and only lines since then are asked for', async (t) => {
  const site = await plantedSite(t)
  let asked: URLSearchParams | undefined
  site.answers.set('/api/v1/namespaces/cde/pods/cde-ingress-0/log', (response, query) => {
    asked = query
    response.write(`one\nx ${known.postgres.slice(0, 5)}`)
    setTimeout(() => response.end(`${known.postgres.slice(5)} y\nlast`), 50)
  })
  await diagnose({ ...quiet, answers: site.answersFile, state: site.state, out: site.out, since: 3600 })
  assert.equal((await unpack(site.out)).get('logs/cde-ingress-0/ingress.log'), 'one\nx [redacted] y\nlast\n')
  assert.equal(asked?.get('sinceSeconds'), '3600')
})

test('an archive is never overwritten, and an interrupted diagnosis leaves nothing', async (t) => {
  const site = await plantedSite(t)
  await writeFile(site.out, 'mine')
  await assert.rejects(diagnose({ ...quiet, answers: site.answersFile, out: site.out }), code('USAGE_EXISTS'))
  assert.equal(await readFile(site.out, 'utf8'), 'mine')
  await assert.rejects(diagnose({ ...quiet, answers: join(site.directory, 'none') }), code('USAGE_ANSWERS'))
  await assert.rejects(
    diagnose({ ...quiet, answers: site.answersFile, out: join(site.out, 'x.tar.gz') }),
    code('STORAGE_WRITE'),
  )

  const meanwhile = join(site.directory, 'meanwhile.tar.gz')
  site.answers.set('/api/v1/namespaces/cde/pods/cde-ingress-0/log', (response) => {
    writeFileSync(meanwhile, 'mine')
    response.end()
  })
  await assert.rejects(diagnose({ ...quiet, answers: site.answersFile, out: meanwhile }), code('USAGE_EXISTS'))
  assert.equal(await readFile(meanwhile, 'utf8'), 'mine')

  const controller = new AbortController()
  site.answers.set('/api/v1/namespaces/cde/pods/cde-ingress-0/log', () => controller.abort())
  const out = join(site.directory, 'other.tar.gz')
  await assert.rejects(
    diagnose({ ...quiet, answers: site.answersFile, state: site.state, out, signal: controller.signal }),
    { name: 'AbortError' },
  )
  assert.deepEqual((await readdir(site.directory)).sort(), [
    'answers.yaml',
    'login',
    'meanwhile.tar.gz',
    'out.tar.gz',
    'password',
    'state',
  ])
})
