import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckResult } from '../../../../installer/src/checks/check.ts'
import { checkReport } from '../../../../installer/src/checks/report.ts'
import { reportPage } from '../../../../installer/src/checks/report-html.ts'
import { reportLines } from '../../../../installer/src/checks/report-text.ts'

const result = (id: string, more: Partial<CheckResult>): CheckResult => ({
  ...{
    id,
    title: `${id} holds`,
    protects: 'deploy',
    why: 'It breaks.',
    level: 'error',
    strict: false,
    state: 'passed',
  },
  found: 'all is well',
  ...more,
})
const failed = {
  state: 'failed',
  code: 'CLUSTER_NODES',
  found: 'one',
  needed: 'two',
  fix: 'kubectl get nodes',
} as const

const context = {
  answers: { host: 'cde.site.example', namespace: 'cde', registry: { address: 'r.example' }, mode: 'airgapped' },
  bundle: { release: { name: 'cde', version: '0.1.0' } },
  cluster: () => ({ server: 'https://10.0.0.1:6443' }),
}
const report = (checks: CheckResult[]) => checkReport(context as never, checks, 1234.5)

test('what needs attention comes first, and everything is counted', () => {
  const made = report([
    result('a', {}),
    result('b', { ...failed, level: 'warning' }),
    result('c', { ...failed, strict: true }),
    result('d', { state: 'skipped', found: 'not tried without: c' }),
    result('e', { ...failed, state: 'ignored' }),
    result('f', {}),
  ])
  assert.deepEqual(made.counts, { failed: 1, warnings: 1, ignored: 1, skipped: 1, passed: 2 })
  assert.deepEqual(reportLines(made).slice(0, 9), [
    'FAILED',
    '  c: c holds (strict) [CLUSTER_NODES]',
    '    found:  one',
    '    needed: two',
    '    why:    It breaks. (stage deploy)',
    '    try:    kubectl get nodes',
    '',
    'WARNINGS',
    '  b: b holds [CLUSTER_NODES]',
  ])
  assert.deepEqual(reportLines(made).slice(-5), [
    'PASSED',
    '  a: a holds: all is well',
    '  f: f holds: all is well',
    '',
    '1 failed, 1 warning, 1 ignored, 1 skipped, 2 passed, in 1.2 s',
  ])
  assert.equal(made.site.server, 'https://10.0.0.1:6443')
  assert.match(made.by, /.@./)
})

test('the page to print holds nothing that runs or is fetched, and text stays text', () => {
  const evil = `<script>alert(1)</script>"'&<img src=x onerror=y>`
  const page = reportPage(report([result('a', { ...failed, found: evil, fix: evil }), result('b', { found: evil })]))
  assert.doesNotMatch(page, /<script|<img|<link|https?:\/\/(?!10\.0\.0\.1)|url\(|@import/)
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&#39;&amp;/)
  assert.match(page, /default-src 'none'/)
  for (const part of ['cde.site.example', '0.1.0', 'https://10.0.0.1:6443', 'Checked by', 'sealift ', 'CLUSTER_NODES'])
    assert.ok(page.includes(part), part)
})

test('a kubeconfig that can not be read does not keep a report from being made', () => {
  const broken = { ...context, cluster: () => assert.fail('no kubeconfig') }
  assert.equal(checkReport(broken as never, [], 0).site.server, undefined)
})
