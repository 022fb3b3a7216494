import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'
import { vsixOf } from '../../fixtures/vsix.ts'

const cli = join(import.meta.dirname, '../../../installer/src/cli/sealift.mjs')

/** A bundle that carries a tool, which can be run, and what takes files out of it into an empty directory. */
async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const source = await readFile(options.source, 'utf8')
  await writeFile(
    options.source,
    `${source.replace('{name: tool, path: tool}', '{name: tool, path: tool, executable: true}')}extensions: [{path: a.vsix}]\n`,
  )
  await writeFile(join(directory, 'a.vsix'), vsixOf())
  const { path } = await buildBundle(options)
  await writeFile(join(directory, 'vendor.pub'), trust[0] as string)
  const out = join(directory, 'out')
  await mkdir(out)
  const extract = async (name: string, to = 'tool') => {
    const words = [
      'bundle',
      'extract',
      path,
      name,
      '--trust',
      join(directory, 'vendor.pub'),
      '--out',
      join(out, to),
      '--json',
    ]
    const run = await promisify(execFile)(process.execPath, [cli, ...words]).catch((error) => error)
    return JSON.parse(run.stdout) as { digest?: string; size?: number; error?: { code: string; why?: string } }
  }
  return { directory, path, out, extract }
}

test('a file is taken out of a bundle, and replaces what is there', async (t) => {
  const { out, extract } = await site(t)
  await writeFile(join(out, 'tool'), 'an older and longer tool')
  const { digest, size } = await extract('tool')
  assert.equal(await readFile(join(out, 'tool'), 'utf8'), 'a tool\n')
  assert.equal((await stat(join(out, 'tool'))).mode & 0o777, 0o755)
  assert.deepEqual([digest, size], [digestOf(Buffer.from('a tool\n')), 7])
})

test('so is an extension, whole and under no right to be run', async (t) => {
  const { out, extract } = await site(t)
  const { digest } = await extract('acme.hello@1.2.3', 'hello.vsix')
  const bytes = await readFile(join(out, 'hello.vsix'))
  assert.deepEqual([bytes, digest], [vsixOf(), digestOf(vsixOf())])
  assert.equal((await stat(join(out, 'hello.vsix'))).mode & 0o777, 0o644)
  assert.match((await extract('acme.hello@1.2.4')).error?.why ?? '', /tool, acme\.hello@1\.2\.3/)
})

test('tar alone takes a file out, by the sum that came with it', async (t) => {
  const { path } = await site(t)
  const sum = digestOf(Buffer.from('a tool\n')).slice('sha256:'.length)
  assert.equal(execFileSync('tar', ['-xOf', path, `blobs/sha256/${sum}`], { encoding: 'utf8' }), 'a tool\n')
})

test('a name that no file of the bundle has is refused, and no name leads anywhere', async (t) => {
  const { out, extract } = await site(t)
  for (const name of ['manager', '../out/tool', '/etc/passwd', '__proto__', 'tool\u001b[2J']) {
    const { error } = await extract(name)
    assert.deepEqual([error?.code, error?.why], ['BUNDLE_NOT_FOUND', 'it has: tool, acme.hello@1.2.3'], name)
  }
  assert.deepEqual(await readdir(out), [])
})

test('what is not as the vendor sealed it does not appear, and what was there stays', async (t) => {
  const { path, out, extract } = await site(t)
  await writeFile(join(out, 'tool'), 'the old one')
  const bytes = await readFile(path)
  bytes.write('A', bytes.indexOf('a tool\n'))
  await writeFile(path, bytes)
  assert.equal((await extract('tool')).error?.code, 'BUNDLE_CONTENT')
  assert.deepEqual(await readdir(out), ['tool'])
  assert.equal(await readFile(join(out, 'tool'), 'utf8'), 'the old one')
})

test('a link that lies in wait is not followed, and a place that cannot be written is named', async (t) => {
  const { directory, out, extract } = await site(t)
  await writeFile(join(directory, 'precious'), 'precious')
  await symlink(join(directory, 'precious'), join(out, 'tool.partial'))
  assert.equal((await extract('tool')).error, undefined)
  assert.equal(await readFile(join(directory, 'precious'), 'utf8'), 'precious')
  await mkdir(join(out, 'a directory'))
  assert.equal((await extract('tool', 'a directory')).error?.code, 'USAGE_OUT')
  assert.equal((await extract('tool', 'tool/below')).error?.code, 'STORAGE_EXTRACT')
  assert.deepEqual((await readdir(out)).sort(), ['a directory', 'tool'])
})
