import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkEndpoints, missing, type TryAll } from '../../../../installer/src/allowlist/check/check.ts'
import { proxyGiven } from '../../../../installer/src/allowlist/check/proxy-given.ts'
import { checkLines } from '../../../../installer/src/allowlist/check/text.ts'
import type { Attempt, Trial } from '../../../../installer/src/allowlist/check/trial.ts'
import type { ProxyAnswers } from '../../../../installer/src/install/proxy-access.ts'
import { allowlistOf } from '../../../fixtures/allowlist.ts'
import { code } from '../../../fixtures/code.ts'

const proxy = { https: 'http://proxy.test:3128', http: 'http://proxy.test:3129', except: 'git.test' }
const proxyPlace = { host: 'proxy.test', port: 3128, tls: false }

/** Notes what it is given to try, and says of all of it the same. */
function trying(attempt: Attempt): { tried: Trial[]; tries: TryAll } {
  const tried: Trial[] = []
  return {
    tried,
    async tries(trials, tell) {
      for (const [at, trial] of trials.entries()) {
        tried.push(trial)
        tell(at, attempt)
      }
    },
  }
}

test('an entry is tried from the places that it is for, once for all entries that say the same, and a set of names never', async () => {
  const list = allowlistOf(
    { id: 'registry' },
    { id: 'registry-again', why: 'Signatures of the images come from here.' },
    { id: 'blobs', host: 'cdn.test', match: 'below' },
    { id: 'apex', host: 'cdn.test', match: 'within' },
    { id: 'time', scheme: 'udp', host: 'time.test', port: 123 },
    { id: 'pods-only', host: 'other.test', from: ['pods'] },
    { id: 'git', scheme: 'ssh', host: 'git.test', port: 22 },
    { id: 'own', host: 'own.test', at: 'site' },
    { id: 'packages', scheme: 'http', host: 'deb.test', port: 80, path: '/debian/' },
  )
  const { tried, tries } = trying({ stage: 'reached', detail: 'answers 401' })
  const told: string[] = []
  const places = { bastion: tries, pods: { why: 'no cluster is named' } }
  const results = await checkEndpoints(list, { places, proxy, onResult: ({ id }) => told.push(id) })
  assert.deepEqual(tried, [
    { scheme: 'https', host: 'registry.test', port: 443, path: undefined, proxy: proxyPlace },
    { scheme: 'ssh', host: 'git.test', port: 22, path: undefined, proxy: undefined },
    { scheme: 'https', host: 'own.test', port: 443, path: undefined, proxy: undefined },
    { scheme: 'http', host: 'deb.test', port: 80, path: '/debian/', proxy: { ...proxyPlace, port: 3129 } },
  ])
  assert.deepEqual(
    results.map(({ id, place, outcome }) => `${id} ${place} ${outcome}`),
    [
      'registry bastion reached',
      'registry-again bastion reached',
      'blobs bastion skipped',
      'apex bastion skipped',
      'time bastion skipped',
      'pods-only pods skipped',
      'git bastion reached',
      'own bastion reached',
      'packages bastion reached',
    ],
  )
  assert.equal(told.length, results.length)
  assert.match(results[2]?.detail ?? '', /^\*\*\.cdn\.test is a set of names/)
  assert.deepEqual(missing(results), [])
})

test('what is required and not reached is missing, with what is lost and what helps; the site has no public CA', async () => {
  const list = allowlistOf(
    { id: 'outside' },
    { id: 'own', host: 'own.test', at: 'site', without: 'No sign-in by OpenID Connect.' },
    { id: 'extra', host: 'extra.test', required: false },
  )
  const { tries } = trying({
    stage: 'tls-intercepted',
    reason: 'unknown-ca',
    detail: 'evil\x1b[31m\n',
    issuer: 'X\u202e CA',
  })
  const results = await checkEndpoints(list, { places: { bastion: tries }, proxy })
  assert.deepEqual(
    results.map(({ outcome, fix }) => [outcome, fix.slice(0, 40)]),
    [
      ['tls-intercepted', 'let TLS to registry.test:443 pass unopen'],
      ['tls', 'name the CA that signed it: --ca FILE'],
      ['tls-intercepted', 'let TLS to extra.test:443 pass unopened;'],
    ],
  )
  assert.deepEqual(
    missing(results).map(({ id }) => id),
    ['outside', 'own'],
  )
  const lines = checkLines(results)
  assert.ok(lines.includes('    without: No sign-in by OpenID Connect.'))
  assert.equal(lines.at(-1), '0 reached, 3 not reached, 0 not tried')
  assert.doesNotMatch(lines.join(''), /[\p{Cc}\p{Cf}]/u)
})

test('10,000 entries are gone through in a moment', async () => {
  const list = allowlistOf(...Array.from({ length: 10_000 }, (_, i) => ({ id: `e${i}`, host: `h${i}.test` })))
  const { tried, tries } = trying({ stage: 'tcp', reason: 'silent', detail: 'no answer' })
  const started = performance.now()
  assert.equal((await checkEndpoints(list, { places: { bastion: tries }, proxy })).length, 10_000)
  assert.equal(tried.length, 10_000)
  assert.ok(performance.now() - started < 3000)
})

test('the proxy is that of the flag, else of the answers, else of the environment; its login never stands in a URL on argv', () => {
  const environment = { HTTPS_PROXY: 'http://ann:p%40ss@env.test:8080', NO_PROXY: 'x.test' }
  const answers: ProxyAnswers = {
    registry: { kind: 'seed', address: 'r.site.test:5000/cde' },
    proxy: { https: 'http://answers.test:1', exempt: ['.site.test'] },
  }
  const given = { url: undefined, login: undefined, answers: undefined, environment }
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`
  assert.deepEqual(proxyGiven(given), {
    ...{ https: environment.HTTPS_PROXY, http: undefined, except: 'x.test', authorization: basic('ann:p@ss') },
  })
  assert.deepEqual(proxyGiven({ ...given, answers, login: 'bob:s:e c\r\n' }), {
    ...{ http: undefined, https: 'http://answers.test:1', except: 'r.site.test,.site.test' },
    authorization: basic('bob:s:e c'),
  })
  const url = 'http://flag.test:3128'
  const flagged = proxyGiven({ ...given, answers, url })
  assert.deepEqual([flagged.http, flagged.https, flagged.except], [url, url, 'r.site.test,.site.test'])
  assert.equal(flagged.authorization, undefined)
  const secret = /S3CRET/
  for (const bad of [
    { url: 'http://ann:S3CRET@flag.test' },
    { url: 'socks5://flag.test' },
    { login: 'S3CRET' },
    { login: 'a:S3CRET\nb:c' },
    { login: ':S3CRET' },
    { login: '' },
  ])
    assert.throws(
      () => proxyGiven({ ...given, ...bad }),
      (error: Error & { why?: string; fix?: string }) => {
        assert.doesNotMatch(`${error.message}${error.why}${error.fix}`, secret)
        return code('USAGE_PROXY')(error)
      },
    )
})
