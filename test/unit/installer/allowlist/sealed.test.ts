import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { diffAllowlists, following } from '../../../../installer/src/allowlist/diff.ts'
import { generateAllowlist } from '../../../../installer/src/allowlist/generate.ts'
import { readAllowlistFile } from '../../../../installer/src/allowlist/read.ts'
import { releaseFacts } from '../../../../installer/src/allowlist/release-facts.ts'
import { defaultValues, sourceFacts } from '../../../../installer/src/build/allowlist.ts'
import { buildBundle } from '../../../../installer/src/build/build.ts'
import { readSource } from '../../../../installer/src/build/source.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import { readRelease } from '../../../../installer/src/stores/bundle/release.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { smallRelease } from '../../../fixtures/release.ts'
import { endpoint } from './facts.ts'

const endpoints = `endpoints:
  - id: gallery
    url: https://open-vsx.example/vscode
    from: [workspaces]
    phases: [run]
    required: false
    why: Editors find and install extensions there.
    without: Editors have the extensions of their image only.
    since: 0.1.0
  - {id: login, value: oidc.issuer, from: [pods], phases: [run], required: true, why: People log in there., without: Nobody logs in., since: 0.1.0}
`

async function released(directory: string, more: string) {
  const { options, trust } = await smallRelease(directory)
  await writeFile(join(directory, 'chart', 'values.yaml'), 'oidc: {issuer: "https://login.vendor.example"}\n')
  const text = await readFile(options.source, 'utf8')
  await writeFile(options.source, text + more)
  const sealed = async () => {
    const bundle = await openBundle((await buildBundle(options)).path, trust)
    try {
      return (await readRelease(bundle)).release
    } finally {
      await bundle.close()
    }
  }
  const facts = async (listed?: Parameters<typeof sourceFacts>[2]) => {
    const source = await readSource(options.source)
    return sourceFacts(source, await defaultValues(source), listed)
  }
  const declare = (text: string) => writeFile(options.source, text)
  return { sealed, facts, declare, text: text + more }
}

test('the list travels in the bundle: it is the same from release.yaml and from what was sealed', async (t) => {
  const { sealed, facts } = await released(await temporaryDirectory(t), endpoints)
  const { list } = generateAllowlist(await facts())
  assert.deepEqual(
    list.endpoints.map(({ id, host }) => `${id} ${host}`),
    [
      'gallery open-vsx.example',
      'login login.vendor.example',
      'registry.registry.sealift.example registry.sealift.example',
    ],
  )
  const release = await sealed()
  const defaults = { oidc: { issuer: 'https://login.vendor.example' } }
  const { open, close } = diffAllowlists(list, generateAllowlist(releaseFacts(release, defaults)).list)
  assert.deepEqual([open, close], [[], []])
  assert.equal(release.allowlist?.version, '2026010100')
})

test('a release that says nothing of it has no list of its own, and its registries are known all the same', async (t) => {
  const { sealed } = await released(await temporaryDirectory(t), '')
  const release = await sealed()
  assert.equal(release.allowlist, undefined)
  assert.deepEqual(
    generateAllowlist(releaseFacts(release, {})).list.endpoints.map(({ host }) => host),
    ['registry.sealift.example'],
  )
})

test('what was observed is sealed with the list that the vendor has read; a list of another state is refused', async (t) => {
  const directory = await temporaryDirectory(t)
  const { sealed, facts, declare, text } = await released(directory, `${endpoints}allowlist: list.json\n`)
  const plain = await facts()
  const observed = endpoint({
    id: 'blob.cdn.example',
    host: 'cdn.example',
    known: { how: 'observed', on: '2026-11-30', after: 'registry.sealift.example' },
  })
  const known = { ...plain, sealed: { ...plain.sealed, endpoints: [observed] } }
  const first = generateAllowlist(plain).list
  const list = following(generateAllowlist(known).list, first, '2026-11-30')
  const file = join(directory, 'list.json')
  await assert.rejects(sealed(), { code: 'USAGE_ALLOWLIST', why: /no such file/ })
  await writeFile(file, JSON.stringify(list))
  const { allowlist } = await sealed()
  assert.deepEqual([allowlist?.version, allowlist?.changes.map(({ id }) => id)], ['2026113000', ['blob.cdn.example']])
  assert.ok(allowlist?.endpoints.some(({ id }) => id === 'blob.cdn.example'))

  await writeFile(file, JSON.stringify({ ...list, release: { name: 'cde', version: '0.0.9' } }))
  await assert.rejects(sealed(), { code: 'BUILD_ALLOWLIST', why: 'it is of cde 0.0.9' })
  await writeFile(file, JSON.stringify({ ...list, endpoints: list.endpoints.filter(({ id }) => id !== 'gallery') }))
  await assert.rejects(sealed(), { code: 'BUILD_ALLOWLIST', why: 'the entry gallery is missing' })
  await writeFile(file, JSON.stringify({ ...list, endpoints: [...list.endpoints, endpoint({ id: 'old' })] }))
  await assert.rejects(sealed(), { code: 'BUILD_ALLOWLIST', why: 'the entry old is no longer needed' })
  await writeFile(file, JSON.stringify(list))
  await declare(text.replace('/vscode', '/other'))
  await assert.rejects(sealed(), {
    code: 'BUILD_ALLOWLIST',
    why: 'the entry gallery is another one now',
    fix: /--since/,
  })
})

test('release.yaml is refused where it declares what cannot be, with the line of the endpoint', async (t) => {
  const directory = await temporaryDirectory(t)
  const { facts, declare, text } = await released(directory, endpoints)
  const bad: [string, string, RegExp][] = [
    [
      'url: https://open-vsx.example/vscode',
      'url: "https://*.open-vsx.example"',
      /gallery: a wildcard says under documented/,
    ],
    ['url: https://open-vsx.example/vscode', 'url: https://*', /gallery: its url: it names no host/],
    ['url: https://open-vsx.example/vscode', 'url: gopher://x.example', /another scheme/],
    ['url: https://open-vsx.example/vscode', 'url: tcp://x.example', /needs a port/],
    ['url: https://open-vsx.example/vscode', 'url: https://u:p@x.example', /a user or a password/],
    ['url: https://open-vsx.example/vscode', 'scheme: https', /needs either a url or a value/],
    ['url: https://open-vsx.example/vscode', 'url: https://a.example\n    value: a.b', /either a url or a value/],
    ['url: https://open-vsx.example/vscode', 'url: https://a.example\n    portValue: a.b', /go with a value/],
    ['id: login', 'id: gallery', /two endpoints have this id/],
  ]
  for (const [from, to, why] of bad) {
    await declare(text.replace(from, to))
    await assert.rejects(facts(), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'BUILD_SOURCE')
      assert.match(error.message, /release\.yaml:\d+: endpoint /)
      assert.match(error.message, why)
      return true
    })
  }
  await declare(text.replace('why: People log in there.', 'why: "no\\nline"'))
  await assert.rejects(facts(), { code: 'BUILD_SOURCE', message: /endpoints/ })
})

test('a file that is no list is refused, and says why', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'list.json')
  const read = async (text: string) => {
    await writeFile(file, text)
    return await readAllowlistFile(file)
  }
  const list = {
    apiVersion: 'sealift.dev/v1',
    kind: 'Allowlist',
    release: { name: 'cde', version: '1.0.0' },
    version: '2026113000',
    endpoints: [endpoint({ id: 'a' }), endpoint({ id: 'a', port: 80 })],
    changes: [],
  }
  await assert.rejects(read('{'), { code: 'USAGE_ALLOWLIST' })
  await assert.rejects(read('{}'), { code: 'USAGE_ALLOWLIST' })
  await assert.rejects(read(JSON.stringify(list)), { code: 'USAGE_ALLOWLIST', why: 'another one has its id: a' })
  await assert.rejects(readAllowlistFile(directory), { code: 'USAGE_ALLOWLIST', why: /a directory/ })
})
