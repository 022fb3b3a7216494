import assert from 'node:assert/strict'
import { copyFile, glob, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallBundle } from '../../fixtures/release.ts'
import { run } from '../../lab/command.ts'
import { sealiftExecutable } from '../../lab/demo-sealift.ts'
import { debian, minimalRoot } from '../../lab/minimal-root.ts'

/** The archive of a root; where it can't be had, the test is skipped with the reason, and fails in CI. */
async function archiveOf(t: TestContext, suite: string): Promise<string | undefined> {
  const why = process.getuid?.() === 0 ? undefined : 'making a root and changing into it needs root'
  try {
    if (why === undefined) return await minimalRoot(suite)
  } catch (error) {
    if (process.env.CI) throw error
    t.skip(`NOT RUN: no root of ${suite}: ${(error as Error & { why?: string }).why ?? error}`)
    return undefined
  }
  if (process.env.CI) assert.fail(why)
  t.skip(`NOT RUN: ${why}`)
  return undefined
}

for (const [version, suite] of Object.entries(debian))
  test(`the executable runs in the smallest root of Debian ${version}`, { timeout: 400_000 }, async (t) => {
    const archive = await archiveOf(t, suite)
    if (archive === undefined) return
    const root = join(await temporaryDirectory(t), 'root')
    await mkdir(root)
    await run('tar', ['-xf', archive, '-C', root, '--exclude=./dev/*', '--exclude=./usr/share/*'])
    assert.deepEqual(await Array.fromAsync(glob('**/libatomic.so*', { cwd: root })), [], 'otherwise this shows nothing')
    await copyFile(await sealiftExecutable(), join(root, 'sealift'))
    const made = await smallBundle(await temporaryDirectory(t))
    await copyFile(made.path, join(root, 'cde.bundle'))
    await writeFile(join(root, 'vendor.pub'), made.trust[0] as string)

    const sealift = (args: string[], environment = {}) => run('chroot', [root, '/sealift', ...args], { environment })
    assert.match(await sealift(['--version']), /^\d+\.\d+\.\d+/)
    // the linker resolves all that the program names, not only what is called
    assert.match(await sealift(['--version'], { LD_BIND_NOW: '1' }), /^\d+\.\d+\.\d+/)
    // with threads
    assert.match(await sealift(['bundle', 'verify', '/cde.bundle', '--trust', '/vendor.pub']), /is whole: cde 0\.1\.0/)
  })
