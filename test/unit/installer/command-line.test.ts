import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parseSize } from '../../../installer/src/cli/size.ts'
import { code } from '../../fixtures/code.ts'

const execute = promisify(execFile)
const cli = join(import.meta.dirname, '../../../installer/src/cli')
const sealift = async (...words: string[]) =>
  (await execute(process.execPath, [join(cli, 'sealift.mjs'), ...words])).stdout

test('help lists every command that there is a file for', async () => {
  const top = await sealift('--help')
  const groups = new Map<string, string>()
  for (const file of await readdir(join(cli, 'commands'))) {
    const name = file.replace(/\.ts$/, '')
    const word = ['bundle', 'answers', 'keys', 'license'].find((group) => name.startsWith(`${group}-`))
    if (word && !groups.has(word)) groups.set(word, await sealift(word, '--help'))
    const [text, command] = word ? [groups.get(word) as string, `${word} ${name.slice(word.length + 1)}`] : [top, name]
    assert.match(text, new RegExp(`^ {2}sealift ${command} .*[a-z]{3}`, 'm'), name)
  }
})

test('a command shows its own flags, and a mistake names what there is', async () => {
  assert.match(await sealift('bundle', 'split', '--help'), /--part-size/)
  assert.match(await sealift('--version'), /^[0-9]+\.[0-9]+\.[0-9]+\n$/)
  await assert.rejects(sealift('bundle'), { code: 2, stderr: /build, split, verify, inspect, diff/ })
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
