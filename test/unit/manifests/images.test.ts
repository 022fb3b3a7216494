import assert from 'node:assert/strict'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { catalog, withParents } from '../../../manifests/images/catalog.ts'
import { runCommand } from '../../../manifests/images/command.ts'
import { dockerfileOf } from '../../../manifests/images/context.ts'
import { digestIn, pruneLayout } from '../../../manifests/images/layout.ts'
import { withLock } from '../../../manifests/images/lock.ts'
import { withRegistry } from '../../../manifests/images/push.ts'
import { hashTree, readEntry, readTree, writeTree } from '../../../manifests/images/tree.ts'

const directory = await mkdtemp(join(tmpdir(), 'images-'))
after(() => rm(directory, { recursive: true, force: true }))

test('parents are built before what stands on them, and nothing else is', () => {
  assert.deepEqual(
    withParents(['workspace', 'postgres']).map(({ name }) => name),
    ['rootfs', 'base', 'runtime', 'postgres', 'tools', 'editor', 'workspace'],
  )
  assert.deepEqual(
    withParents(['postgres-15']).map(({ name }) => name),
    ['rootfs-bookworm', 'base-bookworm', 'postgres-15'],
  )
})

test('every image starts as a user that is not root and takes its base as an argument', async () => {
  for (const { name, carried } of catalog) {
    const text = await readFile(dockerfileOf(name), 'utf8')
    if (!name.startsWith('rootfs')) assert.match(text, /^ARG BASE=\S+\nFROM \$\{BASE\}$/m, name)
    if (!carried) continue
    const own = text.match(/^USER .*$/gm)?.at(-1) ?? 'USER 10001:10001'
    assert.equal(own, 'USER 10001:10001', name)
  }
})

test('no signal opens the inspector of a program that Node runs', async () => {
  const started: string[] = []
  for (const { name } of catalog) {
    const text = await readFile(dockerfileOf(name), 'utf8')
    for (const [, line = ''] of text.matchAll(/^(?:ENTRYPOINT|CMD) (.*)$/gm)) {
      if (!/\bnode\b/.test(line)) continue
      assert.match(line, /"\/usr\/local\/bin\/node", "--disable-sigusr1", /, name)
      started.push(name)
    }
  }
  assert.deepEqual(started.sort(), ['dashboard', 'envproxy', 'ingress', 'manager', 'workspace'])
})

test('the hash of a context changes with a name, a mode or a byte, and with nothing else', async () => {
  const tree = join(directory, 'tree')
  const hashed = async () => await hashTree(await readTree(tree))
  await mkdir(join(tree, 'a'), { recursive: true })
  await writeFile(join(tree, 'a/file'), 'text')
  const first = await hashed()
  await writeFile(join(tree, 'a/file'), 'text')
  await chmod(join(tree, 'a/file'), 0o640)
  assert.equal(await hashed(), first)
  await chmod(join(tree, 'a/file'), 0o755)
  const executable = await hashed()
  assert.notEqual(executable, first)
  await writeFile(join(tree, 'a/file'), 'Text')
  const changed = await hashed()
  assert.notEqual(changed, executable)
  await rename(join(tree, 'a/file'), join(tree, 'a/other'))
  assert.notEqual(await hashed(), changed)
})

test('what is hashed where it lies has the hash of its copy, which is whole and has the same modes under any umask', async () => {
  const large = Buffer.alloc((1 << 20) + 1, 'x')
  const from = join(directory, 'from')
  await mkdir(join(from, 'a/empty'), { recursive: true })
  await writeFile(join(from, 'a/run'), large, { mode: 0o700 })
  await writeFile(join(from, 'a/left-out.md'), '')
  await writeFile(join(from, 'a-b'), 'text', { mode: 0o600 })
  await symlink('nowhere', join(from, 'link'))
  const tree = new Map([
    ['more', await readEntry(join(from, 'a-b'))],
    ...(await readTree(from, (path) => !path.endsWith('.md'))),
  ])
  const copy = join(directory, 'copy')
  const umask = process.umask(0o077)
  await writeTree(tree, copy).finally(() => process.umask(umask))
  assert.equal(await hashTree(await readTree(copy)), await hashTree(tree))
  assert.deepEqual((await readdir(copy, { recursive: true })).sort(), ['a', 'a-b', 'a/empty', 'a/run', 'link', 'more'])
  const modes = await Promise.all(
    ['a', 'a/run', 'a-b'].map(async (name) => (await stat(join(copy, name))).mode & 0o777),
  )
  assert.deepEqual(modes, [0o755, 0o755, 0o644])
  assert.equal(await readlink(join(copy, 'link')), 'nowhere')
  assert.deepEqual(await readFile(join(copy, 'a/run')), large)
})

test('pruning a layout keeps what a name leads to and removes a replaced image', async () => {
  const layout = join(directory, 'layout')
  const hex = (letter: string) => letter.repeat(64)
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true })
  for (const [name, layer] of [
    ['a', 'b'],
    ['c', 'd'],
  ] as const) {
    const manifest = { config: { digest: `sha256:${hex('e')}` }, layers: [{ digest: `sha256:${hex(layer)}`, size: 1 }] }
    await writeFile(join(layout, 'blobs/sha256', hex(name)), JSON.stringify(manifest))
    await writeFile(join(layout, 'blobs/sha256', hex(layer)), '')
  }
  await writeFile(join(layout, 'blobs/sha256', hex('e')), '')
  const entry = (name: string) => ({ digest: `sha256:${hex(name)}`, size: 1, mediaType: 'x' })
  const kept = { ...entry('a'), annotations: { 'org.opencontainers.image.ref.name': 'manager' } }
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry('c'), kept] }))
  await pruneLayout(layout)
  assert.deepEqual((await readdir(join(layout, 'blobs/sha256'))).sort(), [hex('a'), hex('b'), hex('e')])
  assert.equal(await digestIn(layout, 'manager'), `sha256:${hex('a')}`)
})

test('two builds in one cache take turns, and the second gives up after its patience', async () => {
  const order: string[] = []
  const first = withLock(directory, async () => {
    await sleep(600)
    order.push('first')
  })
  await sleep(50)
  await assert.rejects(
    withLock(directory, async () => {}, { patience: 1 }),
    (error: SealiftError) => error.code === 'BUILD_LOCKED',
  )
  await withLock(directory, async () => {
    order.push('second')
  })
  await first
  assert.deepEqual(order, ['first', 'second'])
})

test('a failing program is an error with the end of what it said; a missing one names its package', async () => {
  await assert.rejects(runCommand('sh', ['-c', 'echo the reason >&2; exit 3']), (error: SealiftError) => {
    assert.equal(error.code, 'BUILD_COMMAND')
    assert.match(error.why ?? '', /the reason/)
    return true
  })
  await assert.rejects(runCommand('no-such-program', []), (error: SealiftError) => {
    assert.equal(error.code, 'BUILD_TOOL')
    assert.match(error.fix ?? '', /no-such-program/)
    return true
  })
})

test('credentials reach the registry client in a file of mode 0600, never as an argument, and are gone after', async () => {
  const bin = join(directory, 'bin')
  const seen = join(directory, 'seen')
  await mkdir(bin)
  // plays skopeo: notes its arguments and the credentials file
  const script = `#!/bin/sh
echo "$@" >>${seen}
for a; do case $a in *authfile=*) f=\${a#*=}; stat -c %a "$f" >>${seen}; cat "$f" >${seen}.auth;; esac; done
[ "$1" != inspect ]
`
  await writeFile(join(bin, 'skopeo'), script, { mode: 0o755 })
  const path = process.env.PATH
  process.env.PATH = `${bin}:${path}`
  let file = ''
  try {
    await withRegistry({ host: 'registry.example', username: 'u', password: 'pass-word' }, async ({ push }) => {
      assert.equal(await push('/layout', 'manager', 'sha256:0', 'cde/manager', '1.0.0'), true)
      file = /authfile=(\S+)/.exec(await readFile(seen, 'utf8'))?.[1] ?? ''
    })
  } finally {
    process.env.PATH = path
  }
  const text = await readFile(seen, 'utf8')
  assert.match(text, /copy .*oci:\/layout:manager docker:\/\/registry\.example\/cde\/manager:1\.0\.0/)
  assert.match(text, /^600$/m)
  assert.ok(!text.includes('pass-word'))
  const { auths } = JSON.parse(await readFile(`${seen}.auth`, 'utf8'))
  assert.equal(Buffer.from(auths['registry.example'].auth, 'base64').toString(), 'u:pass-word')
  await assert.rejects(stat(file), { code: 'ENOENT' })
})
