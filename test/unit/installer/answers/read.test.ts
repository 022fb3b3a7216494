import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseAnswers } from '../../../../installer/src/answers/read.ts'

const good = `apiVersion: sealift.dev/v1
kind: Answers
mode: airgapped
bundle: cde.bundle
license: keys/my.license
trust: [vendor.pub, /etc/other.pub]
kubeconfig: kubeconfig
registry:
  kind: serve
  address: 10.0.0.1:5000
  caFile: ca.crt
host: cde.example
values:
  logging: { level: debug }
`

const refusal = (text: string): SealiftError => {
  try {
    parseAnswers(text, '/site/answers.yaml')
  } catch (error) {
    return error as SealiftError
  }
  assert.fail('these answers were accepted')
}

test('good answers get their defaults, and paths count from the file', () => {
  const answers = parseAnswers(good, '/site/answers.yaml')
  assert.equal(answers.namespace, 'cde')
  assert.equal(answers.serviceType, 'LoadBalancer')
  assert.equal(answers.registry.plainHttp, false)
  assert.deepEqual(
    [answers.bundle, answers.license, ...answers.trust, answers.kubeconfig, answers.registry.caFile],
    [
      '/site/cde.bundle',
      '/site/keys/my.license',
      '/site/vendor.pub',
      '/etc/other.pub',
      '/site/kubeconfig',
      '/site/ca.crt',
    ],
  )
  assert.deepEqual(answers.values, { logging: { level: 'debug' } })
})

const cases: [name: string, change: (text: string) => string, message: RegExp, fix?: RegExp][] = [
  [
    'an unknown field',
    (t) => t.replace('license:', 'licence:'),
    /:5: licence: there is no such field/,
    /did you mean "license"/,
  ],
  [
    'an unknown nested field',
    (t) => t.replace('caFile:', 'cafile:'),
    /:11: registry.cafile: there is no such field/,
    /did you mean "caFile"/,
  ],
  ['a field that resembles none', (t) => `${t}zzzzzzzzzz: 1\n`, /zzzzzzzzzz: /, /the fields here: apiVersion, kind/],
  ['a missing field', (t) => t.replace('host: cde.example\n', ''), /host: it is missing/, /browsers reach/],
  ['a missing nested field', (t) => t.replace('  address: 10.0.0.1:5000\n', ''), /:9: registry.address: it is missing/],
  ['a wrong type', (t) => t.replace('cde.example', '[1]'), /:12: host: it must be text/],
  [
    'a wrong choice',
    (t) => t.replace('airgapped', 'airgaped'),
    /:3: mode: it must be one of: airgapped, restricted/,
    /did you mean "airgapped"/,
  ],
  ['a wrong version', (t) => t.replace('sealift.dev/v1', 'v2'), /:1: apiVersion: it must be sealift\.dev\/v1/],
  [
    'a bad registry address',
    (t) => t.replace('10.0.0.1:5000', 'https://r.example'),
    /:10: registry\.address: it is a URL/,
    /did you mean "r\.example"/,
  ],
  ['a user without a password', (t) => t.replace('  caFile', '  username: u\n  caFile'), /belong together/],
  [
    'a host with capital letters',
    (t) => t.replace('cde.example', 'CDE.example'),
    /:12: host: it has upper-case letters/,
    /did you mean "cde.example"/,
  ],
  ['an empty list of keys', (t) => t.replace('[vendor.pub, /etc/other.pub]', '[]'), /:6: trust: it is empty/],
  ['a key twice', (t) => `${t}host: b.example\n`, /:15:1: it has the key "host" twice/],
  ['unclosed YAML', () => 'a: [1', /:\d+: it is not YAML/],
  ['two documents', (t) => `${t}---\na: 1\n`, /more than one document/],
  ['nothing', () => '', /is empty|must be a group/],
  ['a list', () => '- 1', /:1: it must be a group of fields/],
  ['a line that was left open', (t) => t.replace('caFile: ca.crt', 'caFile:'), /:11: registry.caFile: nothing stands/],
  ['a line left open that is needed', (t) => t.replace('host: cde.example', 'host:'), /:12: host: it is missing/],
  ['aliases', (t) => t.replace('level: debug', 'level: &x debug, b: *x'), /:14:\d+: it has an anchor, &x/],
  ['__proto__', (t) => t.replace('level: debug', '__proto__: {a: 1}'), /cannot be taken|__proto__/],
  ['deep nesting', () => `values: ${'['.repeat(50_000)}`, /nested deeper than/],
]

for (const [name, change, message, fix] of cases)
  test(`answers with ${name} are refused by name`, () => {
    const text = change(good)
    assert.notEqual(text, good)
    const error = refusal(text)
    assert.equal(error.code, 'USAGE_ANSWERS')
    assert.match(error.message, message)
    assert.ok(error.message.startsWith('/site/answers.yaml'))
    if (fix) assert.match(error.fix ?? '', fix)
  })

test('what people need outside names one host each, and an air-gapped site has nothing outside', () => {
  const say = (outside: string) => refusal(`${good.replace('airgapped', 'restricted')}outside: [${outside}]\n`).message
  assert.match(say('"https://u:p@git.example"'), /outside\.0: it holds a user or a password/)
  assert.match(say('"*.git.example"'), /outside\.0: it names more than one host/)
  assert.match(say('git.example, "gopher://x.example"'), /outside\.1: it has another scheme/)
  assert.match(say('"https://git.example\\nx"'), /outside\.0: it /)
  const { message, fix } = refusal(`${good}outside: [git.example]\n`)
  assert.match(message, /answers\.yaml:15: outside: an air-gapped site reaches nothing outside/)
  assert.match(fix ?? '', /restricted/)
})

test('hosts at which workspaces would answer as the site, or never be reached, are refused with their line', () => {
  const say = (more: string) => refusal(`${good}${more}`).message
  assert.match(
    say('devUrlsHost: cde.example\n'),
    /answers\.yaml:15: devUrlsHost: the host of dev URLs, cde\.example, covers/,
  )
  assert.match(
    say('editorsHost: cde.example\n'),
    /answers\.yaml:15: editorsHost: the host of editors, cde\.example, covers/,
  )
  for (const editors of ['dev.example', 'ide.dev.example'])
    assert.match(say(`devUrlsHost: dev.example\neditorsHost: ${editors}\n`), /answers\.yaml:16: .* within one another/)
  assert.match(say('editorsHost: "*.ide.example"\n'), /editorsHost: it begins with \*\./)
  assert.equal(parseAnswers(`${good}editorsHost: ide.example\n`, '/site/answers.yaml').editorsHost, 'ide.example')
})
