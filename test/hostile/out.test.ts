import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import type { CheckReport } from '../../installer/src/checks/report.ts'
import { writeReport } from '../../installer/src/checks/write-report.ts'
import { diagnose } from '../../installer/src/diagnose/diagnose.ts'
import { generateKeys } from '../../installer/src/license/keys.ts'
import { splitBundle } from '../../installer/src/stores/bundle/split.ts'
import { takeOut } from '../../installer/src/stores/bundle/take-out.ts'
import { writeNewFile } from '../../installer/src/stores/new-file.ts'
import { writeNamed } from '../../installer/src/stores/write-named.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { oddFiles } from '../fixtures/odd-files.ts'
import { smallRelease } from '../fixtures/release.ts'

type Release = Awaited<ReturnType<typeof smallRelease>>

const cli = join(import.meta.dirname, '../../installer/src/cli/sealift.mjs')

/** Fails with the code that a command ends with. */
async function command(...args: string[]): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [cli, ...args, '--json'], { timeout: 60_000 })
  } catch (error) {
    const { code, message } = JSON.parse((error as { stdout: string }).stdout).error
    throw new SealiftError(code, message)
  }
}

/** Whatever writes a file that somebody names; `name` is what it adds to what is named. */
const writers: Readonly<Record<string, { name?: string; write: (out: string, release: Release) => Promise<unknown> }>> =
  {
    'bundle build': { write: (out, { options }) => buildBundle({ ...options, out }) },
    'bundle split': {
      name: '.001',
      write: async (out, { options, trust }) => {
        await buildBundle(options)
        const { signingKey } = options
        return await splitBundle({ path: options.out, out, partSize: 4096, trust, signingKey })
      },
    },
    'bundle extract': {
      write: (out) =>
        takeOut(
          {
            descriptor: { mediaType: 'text/plain', digest: `sha256:${'0'.repeat(64)}`, size: 1 },
            async *bytes() {
              yield Buffer.from('x')
            },
          } as unknown as Parameters<typeof takeOut>[0],
          out,
          0o644,
        ),
    },
    'keys generate': { name: '.key', write: (out) => generateKeys('bundle', out) },
    'answers init': { write: (out) => writeNewFile(out, 'text', 0o644) },
    'a report of checks': { write: async (out) => writeReport({ checks: [] } as unknown as CheckReport, out) },
    'a license, a list': { write: async (out) => writeNamed(out, 'text') },
    diagnose: {
      write: (out) =>
        diagnose({ out, namespace: 'a', version: '0', signal: new AbortController().signal, onStep: () => {} }),
    },
  }

const outOf = (kind: string, path: string) => (kind === 'a report of checks' ? `${path}.json` : path)

for (const [name, { name: suffix = '', write }] of Object.entries(writers)) {
  const refused = async (out: string, release: Release, codes: RegExp) => {
    const failure = await write(out, release).then(
      () => undefined,
      (error: unknown) => error,
    )
    assert.ok(failure instanceof SealiftError, `${out}: ${failure}`)
    assert.match(failure.code, codes, out)
    assert.ok(failure.why ?? failure.fix, out)
  }

  test(`${name}: what stands there and is no file stays, and nothing is written`, { timeout: 60_000 }, async (t) => {
    const directory = await temporaryDirectory(t)
    const release = await smallRelease(await temporaryDirectory(t))
    for (const [what, make] of Object.entries(oddFiles)) {
      if (!['a directory', 'a FIFO', 'a socket'].includes(what)) continue
      const odd = await make(t, directory)
      const out = outOf(name, join(directory, 'out'))
      await symlink(odd, `${out}${suffix}`)
      const before = (await readdir(directory)).sort()
      await refused(out, release, /^USAGE_(OUT|EXISTS)$/)
      assert.deepEqual((await readdir(directory)).sort(), before, what)
      assert.ok(!(await stat(odd)).isFile(), what)
      await rm(`${out}${suffix}`)
    }
  })

  test(`${name}: a directory that is missing, or is none, and a name that is none are told of`, async (t) => {
    const directory = await temporaryDirectory(t)
    const release = await smallRelease(await temporaryDirectory(t))
    await writeFile(join(directory, 'file'), '')
    const codes = /^(USAGE_OUT|STORAGE_WRITE|STORAGE_EXTRACT)$/
    await refused(outOf(name, join(directory, 'file', 'out')), release, codes)
    // it makes directories that are missing
    if (name !== 'bundle extract') await refused(outOf(name, join(directory, 'missing', 'out')), release, codes)
    if (name !== 'a report of checks')
      for (const none of ['', `${directory}/`, `${directory}/.`]) await refused(none, release, codes)
    assert.deepEqual(await readdir(directory), ['file'])
  })
}

test('what a crash has left under the name in between, a link or a directory there, does no harm', async (t) => {
  const directory = await temporaryDirectory(t)
  const out = join(directory, 'out')
  await writeFile(join(directory, 'other'), 'other')
  await symlink(join(directory, 'other'), `${out}.partial`)
  writeNamed(out, 'text')
  assert.equal(await readFile(out, 'utf8'), 'text')
  assert.equal(await readFile(join(directory, 'other'), 'utf8'), 'other')
  await mkdir(`${out}.partial`)
  assert.throws(() => writeNamed(out, 'new'), { code: 'STORAGE_WRITE' })
  assert.equal(await readFile(out, 'utf8'), 'text')
})

test('half a pair of keys is not left', async (t) => {
  const out = join(await temporaryDirectory(t), 'vendor')
  await writeFile(`${out}.pub`, 'older')
  await assert.rejects(generateKeys('bundle', out), { code: 'USAGE_EXISTS' })
  await assert.rejects(stat(`${out}.key`), { code: 'ENOENT' })
  assert.equal(await readFile(`${out}.pub`, 'utf8'), 'older')
})

test('the commands themselves refuse a FIFO, and do not wait for it', { timeout: 180_000 }, async (t) => {
  const directory = await temporaryDirectory(t)
  const fifo = await (oddFiles['a FIFO'] as (typeof oddFiles)[string])(t, directory)
  const { key } = await generateKeys('license', join(directory, 'license'))
  const issue = ['license', 'issue', '--key', key, '--customer', 'Bank']
  await assert.rejects(command(...issue, '--out', fifo), { code: 'USAGE_OUT' })
  await assert.rejects(command('license', 'inspect', fifo, '--key', fifo), { code: 'USAGE_FILE' })
  await assert.rejects(command('answers', 'check', fifo), { code: 'USAGE_ANSWERS' })
  assert.ok((await stat(fifo)).isFIFO())
})
