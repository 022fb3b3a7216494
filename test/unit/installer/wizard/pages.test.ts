import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { emptyView } from '../../../../installer/src/wizard/view.ts'
import { wizardAssets } from '../../../../installer/wizard/assets.ts'
import { pace } from '../../../../installer/wizard/pages/pace.ts'
import { whatChanges } from '../../../../installer/wizard/pages/what-changes.ts'
import { missing, without } from '../../../../installer/wizard/session/changes.ts'
import { pageShown } from '../../../../installer/wizard/steps.ts'

/** bytes of all that a browser loads for the first page, compressed */
const most = 200_000

test('the first page is small, has nothing inline and nothing of another host; two builds are the same', async () => {
  const assets = await wizardAssets()
  const sizes = [...assets.values()].map(({ bytes }) => gzipSync(bytes).length)
  const sum = sizes.reduce((all, one) => all + one, 0)
  assert.ok(sum < most, `${sum} bytes with gzip`)
  const html = new TextDecoder().decode(assets.get('index.html')?.bytes)
  assert.doesNotMatch(html, /<script>|<style|\son\w+=|style=|https?:|%[A-Z]+%/)
  for (const [, path = ''] of html.matchAll(/(?:src|href)="\/([^"]+)"/g)) assert.ok(assets.has(path), path)
  for (const [path, { type, bytes }] of assets) {
    assert.match(path, /^(index\.html|assets\/[a-z]+-[A-Z0-9]{8}\.(js|css|svg))$/)
    if (type.startsWith('text/css')) assert.doesNotMatch(new TextDecoder().decode(bytes), /@import|url\(/)
  }
  assert.deepEqual(await wizardAssets(), assets)
})

test('what is typed stays until the machine has it, and a value that was changed since it was sent stays too', () => {
  const typed = { '/host': 'cde.example', '/tls': true, '/context': null }
  assert.deepEqual(missing({}, typed), { '/host': 'cde.example', '/tls': true })
  assert.deepEqual(missing({ host: 'cde.example', tls: {} }, typed), {})
  assert.deepEqual(missing({ context: 'pier' }, { '/context': null }), { '/context': null })
  assert.deepEqual(without({ '/host': 'cde.exam', '/namespace': 'a' }, { '/host': 'cde.ex', '/namespace': 'a' }), {
    '/host': 'cde.exam',
  })
})

test('rate and time left need a second of progress, and bytes', () => {
  const progress = { done: 144e6, total: 288e6, unit: 'bytes', from: 20e6, since: 1000 } as const
  assert.equal(pace(progress, 1500), '144 MB of 288 MB')
  assert.equal(pace(progress, 11_000), '144 MB of 288 MB · 12.4 MB/s · about 12 s left')
  assert.equal(pace({ ...progress, done: 20e6 }, 11_000), '20.0 MB of 288 MB')
  assert.equal(pace({ ...progress, unit: 'items', done: 3, total: 6, from: 0 }, 4_000), '3 of 6 · about 3.0 s left')
  assert.equal(pace(progress, 0), '144 MB of 288 MB', 'clocks that do not agree make no rate')
})

test('what runs has the page; before and after it the one who steers chooses', () => {
  const at = (phase: typeof emptyView.phase, page: typeof emptyView.page) => pageShown({ ...emptyView, phase, page })
  assert.equal(at('installing', 'bundle'), 'progress')
  assert.equal(at('checking', 'bundle'), 'checks')
  assert.equal(at('done', 'progress'), 'done')
  assert.equal(at('failed', 'progress'), 'progress')
  assert.equal(at('failed', 'names'), 'names')
  assert.equal(at('asking', 'progress'), 'review')
})

test('what will change names the registry only where images are put there, and the database where it is the site’s', () => {
  const where = (draft: Record<string, unknown>) => whatChanges(draft).map((change) => change.where)
  assert.deepEqual(where({ namespace: 'a', tls: {} }), [
    'Namespace a',
    'The whole cluster',
    'The machine that runs sealift',
  ])
  const all = where({ registry: { kind: 'seed', address: 'r.example' }, database: { host: 'db.example' } })
  assert.ok(all.includes('r.example') && all.includes('db.example') && all.includes('Namespace cde'))
})
