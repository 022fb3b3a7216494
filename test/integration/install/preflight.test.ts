import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CheckReport } from '../../../installer/src/checks/report.ts'
import { site } from './site.ts'

const cli = join(import.meta.dirname, '../../../installer/src/cli/sealift.mjs')

/** Runs `sealift preflight` at a site whose cluster doesn't answer. */
const preflight = (at: (name: string) => string, ...words: string[]) => sealift(at, 'preflight', ...words)

async function sealift(at: (name: string) => string, ...words: [command: string, ...string[]]) {
  const args = [...words, '--answers', at('answers.yaml'), '--state', at('state')]
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [code] = await once(child, 'close')
  return { code, out, err }
}

test('preflight says what it found, writes its report in each form, and leaves nothing on this machine', async (t) => {
  const { at } = await site(t)
  const { code, out, err } = await preflight(at, '--report', at('r.html'), '--report', at('r.json'))
  assert.equal(code, 6, err)
  assert.match(err, /checks? failed: api, \S.*\[CLUSTER_CHECKS\]/)
  assert.match(
    out,
    /^FAILED\n {2}api: .*\[CLUSTER_UNREACHABLE\]\n {4}found: .*\n {4}needed: .*\n {4}why: .*\n {4}try: .*kubectl/m,
  )
  assert.match(out, /^SKIPPED\n[\s\S]*^ {2}kubernetes-version: .*: not tried without: The API of Kubernetes answers$/m)
  assert.match(out, /^PASSED\n[\s\S]*^ {2}license: /m)
  const report: CheckReport = JSON.parse(await readFile(at('r.json'), 'utf8'))
  assert.partialDeepStrictEqual(report, {
    kind: 'CheckReport',
    release: { name: 'cde' },
    site: { host: 'cde.example' },
  })
  assert.equal(report.checks.find(({ id }) => id === 'api')?.code, 'CLUSTER_UNREACHABLE')
  const page = await readFile(at('r.html'), 'utf8')
  assert.match(page, /CLUSTER_UNREACHABLE/)
  assert.ok(!existsSync(at('state')) && !existsSync(at('r.html.partial')))
})

test('preflight for machines is one document, and the exit code says that something failed', async (t) => {
  const { at } = await site(t)
  const { code, out } = await preflight(at, '--json')
  assert.equal(code, 6)
  const report: CheckReport = JSON.parse(out)
  assert.equal(
    report.counts.failed,
    report.checks.filter(({ state, level }) => state === 'failed' && level === 'error').length,
  )
})

test('a password that cannot be read is one finding among the others', async (t) => {
  const { at } = await site(t)
  const answers = await readFile(at('answers.yaml'), 'utf8')
  const login = answers.replace(/^registry: {/m, 'registry: {username: puller, passwordFile: missing, ')
  await writeFile(at('answers.yaml'), login)
  const { code, out, err } = await preflight(at, '--json')
  assert.equal(code, 6, err)
  const { checks }: CheckReport = JSON.parse(out)
  const { state, found = '', fix = '' } = checks.find(({ id }) => id === 'registry-login') ?? assert.fail(out)
  assert.equal(state, 'failed')
  assert.match(`${found} ${fix}`, /registry\.passwordFile cannot be read.*ls -l .*missing$/)
  assert.equal(checks.find(({ id }) => id === 'api')?.code, 'CLUSTER_UNREACHABLE')
})

test('a check that there is not, a strict one, and a report of another form are refused', async (t) => {
  const { at } = await site(t)
  for (const [words, code, said] of [
    [['--ignore', 'node-pul'], 'USAGE_IGNORE', /did you mean "node-pull"/],
    [['--ignore', 'ownership'], 'USAGE_IGNORE', /no answer can ignore: ownership/],
    [['--report', at('r.pdf')], 'USAGE_ARGUMENTS', /ends in \.html or \.json/],
  ] as const) {
    const refused = await preflight(at, ...words)
    assert.equal(refused.code, 2, refused.err)
    assert.match(refused.err, new RegExp(code))
    assert.match(refused.err, said)
  }
  await writeFile(at('answers.yaml'), `${await readFile(at('answers.yaml'), 'utf8')}ignore: [api]\n`)
  assert.match((await preflight(at)).err, /no answer can ignore: api/)
})

test('the script for nodes is printed without asking anybody', async (t) => {
  const { at } = await site(t)
  const { code, out } = await preflight(at, '--host-script')
  assert.equal(code, 0)
  assert.match(out, /^#!\/bin\/sh\n[\s\S]*^registry='127\.0\.0\.1:1'\nscheme=http\nhost='cde\.example'$/m)
})

test('an installation without questions takes checks to ignore as preflight does; one with questions asks', async (t) => {
  const { at } = await site(t)
  const refused = await sealift(at, 'install', '--headless', '--ignore', 'ownership')
  assert.match(refused.err, /no answer can ignore: ownership/)
  const { code, err } = await sealift(at, 'install', '--headless', '--ignore', 'proxy')
  assert.equal(code, 6, err)
  assert.doesNotMatch(await readFile(at('answers.yaml'), 'utf8'), /ignore/)
  const asking = await sealift(at, 'install', '--terminal', '--ignore', 'proxy')
  assert.equal(asking.code, 2)
  assert.match(asking.err, /--ignore goes with --headless/)
})
