import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { wizardAssets } from '../../../installer/wizard/assets.ts'
import { makeExecutable } from '../../../manifests/executable/make.ts'
import { pinnedNode } from '../../../manifests/executable/pinned-node.ts'
import { ownPlatform } from '../../../manifests/executable/platforms.ts'
import { bundleProgram } from '../../../manifests/executable/program.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

test('an executable has the wizard’s pages as they are built from the sources, and no esbuild', async (t) => {
  const directory = await temporaryDirectory(t)
  const { assets } = await bundleProgram(directory)
  const entry = join(directory, 'entry.ts')
  await writeFile(
    entry,
    `import { wizardAssets } from ${JSON.stringify(join(import.meta.dirname, '../../../installer/wizard/assets.ts'))}
wizardAssets().then((all) => console.log(JSON.stringify([...all].map(([path, { type, bytes }]) => [path, type, bytes.length]))))`,
  )
  const main = join(directory, 'main.js')
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    define: { 'import.meta.url': '""' },
    external: ['esbuild'],
    metafile: true,
    logLevel: 'silent',
  })
  assert.ok(!Object.keys(metafile.inputs).some((path) => path.includes('node_modules/esbuild')))
  const executable = join(directory, 'pages')
  await makeExecutable({ main, assets }, await pinnedNode(ownPlatform(), directory), executable)
  // where no checkout is
  const { stdout } = await promisify(execFile)(executable, [], { cwd: '/', env: {} })
  const built = [...(await wizardAssets())].map(([path, { type, bytes }]) => [path, type, bytes.length])
  assert.deepEqual(
    new Map(JSON.parse(stdout).map((one: string[]) => [one[0], one])),
    new Map(built.map((one) => [String(one[0]), one])),
  )
})
