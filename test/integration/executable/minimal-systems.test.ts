import assert from 'node:assert/strict'
import { copyFile, glob, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildExecutable } from '../../../manifests/executable/build.ts'
import { type Platform, platforms } from '../../../manifests/executable/platforms.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallBundle } from '../../fixtures/release.ts'
import { debian } from '../../lab/minimal-root.ts'
import { minimalSystem } from './minimal-system.ts'

for (const platform of Object.keys(platforms) as Platform[])
  for (const [version, suite] of Object.entries(debian))
    test(`the executable for ${platform} runs in the smallest root of Debian ${version}`, {
      timeout: 400_000,
    }, async (t) => {
      const system = await minimalSystem(t, suite, platform)
      if (!system) return
      const { root } = system
      assert.deepEqual(
        await Array.fromAsync(glob('**/libatomic.so*', { cwd: root })),
        [],
        'otherwise this shows nothing',
      )
      await copyFile(await buildExecutable(platform), join(root, 'sealift'))
      const made = await smallBundle(await temporaryDirectory(t))
      await copyFile(made.path, join(root, 'cde.bundle'))
      await writeFile(join(root, 'vendor.pub'), made.trust[0] as string)

      assert.match(await system.run('/sealift', ['--version']), /^\d+\.\d+\.\d+/)
      // the linker resolves all that the program names, not only what is called
      assert.match(await system.run('/sealift', ['--version'], { LD_BIND_NOW: '1' }), /^\d+\.\d+\.\d+/)
      // with threads
      const verified = await system.run('/sealift', ['bundle', 'verify', '/cde.bundle', '--trust', '/vendor.pub'])
      assert.match(verified, /is whole: cde 0\.1\.0/)
    })
