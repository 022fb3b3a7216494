import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parseDuration } from '../../../installer/src/cli/duration.ts'
import { parseSize } from '../../../installer/src/cli/size.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const execute = promisify(execFile)
const cli = join(import.meta.dirname, '../../../installer/src/cli')
const sealift = async (...words: string[]) =>
  (await execute(process.execPath, [join(cli, 'sealift.mjs'), ...words])).stdout

test('help lists every command that there is a file for', async () => {
  const top = await sealift('--help')
  const groups = new Map<string, string>()
  for (const file of await readdir(join(cli, 'commands'))) {
    const name = file.replace(/\.ts$/, '')
    const word = ['bundle', 'allowlist', 'backup', 'answers', 'keys', 'license'].find((group) =>
      name.startsWith(`${group}-`),
    )
    if (word && !groups.has(word)) groups.set(word, await sealift(word, '--help'))
    const [text, command] = word ? [groups.get(word) as string, `${word} ${name.slice(word.length + 1)}`] : [top, name]
    assert.match(text, new RegExp(`^ {2}sealift ${command} .*[a-z]{3}`, 'm'), name)
  }
})

test('a command shows its own flags, and a mistake names what there is', async () => {
  assert.match(await sealift('bundle', 'split', '--help'), /--part-size/)
  assert.match(await sealift('--version'), /^[0-9]+\.[0-9]+\.[0-9]+\n$/)
  await assert.rejects(sealift('bundle'), { code: 2, stderr: /build, split, verify, inspect, diff, extract/ })
  const twice = sealift('upgrade', 'a.bundle', '--plan', '--timeout', '1m', '--timeout=2m')
  await assert.rejects(twice, { code: 2, stderr: /--timeout is given more than once \[USAGE_ARGUMENTS\]/ })
  await assert.rejects(sealift('constructor'), { code: 2, stderr: /USAGE_ARGUMENTS/ })
})

test('sizes are read as media are sold, and what is not a size is refused', () => {
  assert.equal(parseSize('4GB', '--x'), 4_000_000_000)
  assert.equal(parseSize('4.7 GB', '--x'), 4_700_000_000)
  assert.equal(parseSize('650MiB', '--x'), 681_574_400)
  assert.equal(parseSize('4096', '--x'), 4096)
  for (const bad of ['', '4G', '4gb', '-1', '0', '1e9', 'GB', '4GB;', '9999999TB', '0.1B'])
    assert.throws(() => parseSize(bad, '--x'), code('USAGE_PART_SIZE'), bad)
})

test('durations are a number and a unit, and what is none is refused', () => {
  assert.deepEqual(
    ['90s', '30m', '12h', '7d'].map((text) => parseDuration(text, '--x')),
    [90, 1800, 43_200, 604_800],
  )
  for (const bad of ['', '12', 'h', '1.5h', '-1h', '0h', '12H', '1h30m', '12h;', '9999999d'])
    assert.throws(() => parseDuration(bad, '--x'), code('USAGE_DURATION'), bad)
})

test('a diagnosis is made by the command line, for people and for machines', async (t) => {
  const directory = await temporaryDirectory(t)
  const out = join(directory, 'a.tar.gz')
  const words = ['diagnose', '--kubeconfig', join(directory, 'none'), '--state', directory]
  const { bytes, cluster, file, missing } = JSON.parse(await sealift(...words, '--out', out, '--json'))
  assert.deepEqual([file, bytes, cluster.reached], [out, (await stat(out)).size, false])
  assert.ok(missing.some(({ code }: { code: string }) => code === 'CLUSTER_KUBECONFIG'))
  await assert.rejects(sealift(...words, '--out', out), { code: 2, stderr: /USAGE_EXISTS/ })
  await assert.rejects(sealift(...words, '--max-size', '10kB'), { code: 2, stderr: /--max-size 2MB/ })
  assert.match(
    await sealift(...words, '--out', join(directory, 'b.tar.gz')),
    /the cluster was not reached[\s\S]*tar -xzf/,
  )
})
