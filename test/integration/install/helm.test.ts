import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { parseAnswers } from '../../../installer/src/answers/read.ts'
import { helmStatus, helmTemplate } from '../../../installer/src/cluster/helm.ts'
import { endOrphanedHelm, rememberHelm } from '../../../installer/src/cluster/helm-orphan.ts'
import { helmEnvironment, runHelm } from '../../../installer/src/cluster/helm-process.ts'
import { workloadsOf } from '../../../installer/src/cluster/workloads.ts'
import { imageReferences } from '../../../installer/src/coverage/image-references.ts'
import { proveAtSite } from '../../../installer/src/coverage/prove.ts'
import { renderedObjects } from '../../../installer/src/coverage/rendered-yaml.ts'
import { chartValues, siteRepository } from '../../../installer/src/install/chart-values.ts'
import { helmBinary } from '../../lab/tools.ts'

const chart = path.join(import.meta.dirname, '../../../manifests/chart')
const binary = await helmBinary()
const signal = new AbortController().signal

function home(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'helm-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const images = ['manager', 'envproxy', 'dashboard', 'postgres', 'ingress', 'workspace'].map((name, i) => ({
  name,
  reference: `registry.example/cde/${name}:0.1.0`,
  digest: `sha256:${String(i).repeat(64)}`,
  role: name === 'workspace' ? ('workspace' as const) : ('component' as const),
}))
const release = {
  images,
  licenseKeys: ['-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n'],
} as unknown as Release
const answers = parseAnswers(
  JSON.stringify({
    apiVersion: 'sealift.dev/v1',
    kind: 'Answers',
    mode: 'airgapped',
    bundle: 'b',
    license: 'l',
    trust: ['t'],
    registry: { kind: 'serve', address: '10.0.0.1:5000/site' },
    host: 'cde.example',
  }),
  '/site/answers.yaml',
)
const target = { name: 'cde', namespace: 'cde' }

test('the chart, rendered with the values of an installation, names nothing but the bundle by digest', async (t) => {
  const values = chartValues(answers, release, true)
  const rendered = await helmTemplate(
    { path: binary, home: home(t) },
    target,
    { chart, values },
    { signal, kubeVersion: 'v1.34.4' },
  )
  const found = imageReferences(rendered, ['registry.example', '10.0.0.1:5000'])
  assert.ok(found.length >= 6)
  assert.deepEqual(
    proveAtSite(found, images, (image) => siteRepository(image.reference, '10.0.0.1:5000/site')),
    [],
  )
  assert.deepEqual(
    workloadsOf(renderedObjects(rendered))
      .map((w) => `${w.kind} ${w.name}`)
      .sort(),
    [
      'Deployment cde-dashboard',
      'Deployment cde-envproxy',
      'Deployment cde-ingress',
      'Deployment cde-manager',
      'StatefulSet cde-postgres-17',
    ],
  )
})

test('an image that somebody adds to the chart is found, with the template it is in', async (t) => {
  const dir = home(t)
  cpSync(chart, path.join(dir, 'chart'), { recursive: true })
  writeFileSync(
    path.join(dir, 'chart/templates/extra.yaml'),
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: extra}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: x, image: "busybox:1"}]}}}}}\n',
  )
  const values = chartValues(answers, release, true)
  const helm = { path: binary, home: path.join(dir, 'home') }
  const found = imageReferences(
    await helmTemplate(helm, target, { chart: path.join(dir, 'chart'), values }, { signal }),
  )
  const [uncovered] = proveAtSite(found, images, (image) => siteRepository(image.reference, '10.0.0.1:5000/site'))
  assert.deepEqual(
    [uncovered?.reference, uncovered?.from],
    ['busybox:1', 'CronJob/extra containers[0] (templates/extra.yaml:4)'],
  )
})

test('values that the chart does not know are refused with what helm says of them', async (t) => {
  await assert.rejects(
    helmTemplate({ path: binary, home: home(t) }, target, { chart, values: { nonsense: 1 } }, { signal }),
    (error: Error & { code: string; why: string }) =>
      error.code === 'CLUSTER_HELM_TEMPLATE' && /additional properties.*nonsense/s.test(error.why),
  )
})

test('values reach helm neither through arguments nor through a file', async (t) => {
  const dir = home(t)
  const fake = path.join(dir, 'helm')
  writeFileSync(fake, `#!/bin/sh\nprintf '%s\\n' "$@" > ${dir}/argv\ncat > ${dir}/stdin\nenv > ${dir}/env\n`, {
    mode: 0o755,
  })
  process.env.HELM_NAMESPACE = 'users-own'
  t.after(() => delete process.env.HELM_NAMESPACE)
  await helmTemplate(
    { path: fake, home: path.join(dir, 'home') },
    target,
    { chart, values: { password: 's3cret' } },
    { signal },
  )
  assert.doesNotMatch(readFileSync(path.join(dir, 'argv'), 'utf8'), /s3cret/)
  assert.match(readFileSync(path.join(dir, 'stdin'), 'utf8'), /s3cret/)
  assert.deepEqual(readdirSync(path.join(dir, 'home')), [])
  const environment = readFileSync(path.join(dir, 'env'), 'utf8')
  assert.doesNotMatch(environment, /users-own/)
  assert.match(environment, new RegExp(`HELM_CACHE_HOME=${dir}/home/cache`))
  assert.equal(helmEnvironment('/h', { HELM_DRIVER: 'sql', PATH: '/p' }).HELM_DRIVER, undefined)
})

test('an abort ends helm: first asked, then killed', async (t) => {
  const dir = home(t)
  const fake = path.join(dir, 'helm')
  writeFileSync(fake, '#!/bin/sh\ntrap "" TERM\nexec 1>&- 2>&-\nwhile :; do sleep 0.05; done\n', { mode: 0o755 })
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('enough')), 100)
  let pid = 0
  const started = Date.now()
  await assert.rejects(
    runHelm({ path: fake, home: dir }, { args: [], signal: stop.signal, grace: 300, onStart: (id) => (pid = id) }),
    { message: 'enough' },
  )
  assert.ok(Date.now() - started >= 350)
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

test('a helm that does not run, and a cluster that does not answer, are named', async (t) => {
  const dir = home(t)
  await assert.rejects(runHelm({ path: '/nowhere/helm', home: dir }, { args: ['version'], signal }), {
    code: 'CLUSTER_HELM_MISSING',
  })
  const kubeconfig = path.join(dir, 'config')
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: {} }],
      'current-context': 'x',
    }),
  )
  await assert.rejects(helmStatus({ path: binary, home: path.join(dir, 'h') }, { kubeconfig }, target, { signal }), {
    code: 'CLUSTER_HELM',
  })
})

test('one signal ends helm in order, the other at once', async (t) => {
  const dir = home(t)
  for (const name of ['signal', 'kill'] as const) {
    const stop = new AbortController()
    const mark = path.join(dir, name)
    let pid = 0
    const running = runHelm(
      { path: waitingProgram(dir), home: dir },
      {
        args: [mark],
        signal,
        grace: 60_000,
        ...{ [name]: stop.signal },
        onStart: (started) => {
          pid = started
        },
        onLine: () => stop.abort(new Error(name)),
      },
    )
    await assert.rejects(running, { message: name })
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    assert.equal(existsSync(mark), name === 'signal')
  }
})

/** A program that makes a file when it is asked to end, and ends. */
function waitingProgram(directory: string): string {
  const file = path.join(directory, 'program')
  const lines = ['#!/bin/sh', 'trap ": >$1; exit 1" TERM', 'echo begun >&2', 'while :; do sleep 0.05; done', '']
  writeFileSync(file, lines.join('\n'), { mode: 0o755 })
  return file
}

test('a helm that outlived its installer is ended, another program under its process id is not', async (t) => {
  const dir = home(t)
  mkdirSync(dir, { recursive: true })
  // the real helm, waiting for values on its standard input
  const helm = { path: binary, home: dir }
  const stop = new AbortController()
  const { spawn } = await import('node:child_process')
  const child = spawn(binary, ['template', 'x', chart, '--values', '-'], { stdio: ['pipe', 'ignore', 'ignore'] })
  t.after(() => child.kill('SIGKILL'))
  const ended = new Promise((resolve) => child.on('exit', (_code, by) => resolve(by)))
  rememberHelm(helm, child.pid as number)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal(await endOrphanedHelm(helm), true)
  assert.equal(await ended, 'SIGKILL')
  rememberHelm(helm, process.pid)
  assert.equal(await endOrphanedHelm(helm), false)
  stop.abort()
})

test('a helm that hangs, floods or takes all memory is ended, and its limit is named', async (t) => {
  const dir = home(t)
  const fake = (script: string) => {
    const file = path.join(dir, 'helm')
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return { path: file, home: path.join(dir, 'home') }
  }
  const hang = fake('echo waiting for the cluster >&2\nsleep 600')
  await assert.rejects(helmTemplate(hang, target, { chart, values: {} }, { signal, time: 500 }), {
    code: 'CLUSTER_HELM_TIME',
    message: 'helm template did not end within 0.5 s',
    why: /waiting for the cluster/,
  })
  await assert.rejects(helmTemplate(fake('exec yes'), target, { chart, values: {} }, { signal }), {
    code: 'BUILD_RENDERED',
    why: /wrote more than/,
  })
  mkdirSync(path.join(dir, 'bomb/templates'), { recursive: true })
  writeFileSync(path.join(dir, 'bomb/Chart.yaml'), 'apiVersion: v2\nname: bomb\nversion: 0.1.0\n')
  writeFileSync(path.join(dir, 'bomb/templates/a.yaml'), 'a: {{ repeat 900000000 "x" }}\n')
  const helm = { path: binary, home: path.join(dir, 'home') }
  await assert.rejects(helmTemplate(helm, target, { chart: path.join(dir, 'bomb'), values: {} }, { signal }), {
    code: 'BUILD_RENDERED',
    why: /bytes of memory/,
  })
})
