import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { allowlistOf } from '../../fixtures/allowlist.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { startSquid } from '../../lab/squid.ts'
import { outside } from './servers.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname

interface Ended {
  code: number
  stdout: string
  stderr: string
}

const sealift = (...args: readonly string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, [cli, 'allowlist', 'check', ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  )

test('the command tells of each entry how it went, and ends with 6 while a required one is not reached', async (t) => {
  const { ports, ca } = await outside(t, ['a.test', 'b.test'])
  const directory = await temporaryDirectory(t)
  const login = { user: 'site', password: 'S3CRET' }
  const squid = await startSquid({
    ...{ directory: await temporaryDirectory(t), hosts: ['a.test', 'b.test'], login },
    acl: 'acl good dstdomain a.test\nhttp_access allow good\nhttp_access deny all',
  })
  t.after(() => squid.stop())
  const at = (name: string) => join(directory, name)
  const list = allowlistOf(
    { id: 'registry', host: 'a.test', port: ports.https },
    { id: 'blobs', host: 'b.test', port: ports.https, without: 'No layer of an image.' },
    { id: 'downloads', host: 'cdn.test', match: 'label', documented: 'https://vendor.example/hosts' },
  )
  await writeFile(at('list.json'), JSON.stringify(list))
  await writeFile(at('ca.crt'), ca)
  await writeFile(at('login'), 'site:S3CRET\n', { mode: 0o600 })
  const flags = [at('list.json'), '--proxy', squid.url, '--ca', at('ca.crt'), '--proxy-login-file', at('login')]
  const told = await sealift(...flags)
  assert.equal(told.code, 6, told.stderr)
  assert.match(told.stderr, /error 1 required entry is not reached: blobs \[CLUSTER_ALLOWLIST\]/)
  assert.match(told.stdout, /^NOT REACHED\n {2}blobs {2}https:\/\/b\.test:\d+ from bastion: proxy\n/)
  assert.match(told.stdout, /without: No layer of an image\.\n {4}try: {5}admit CONNECT b\.test:\d+ at the proxy/)
  assert.match(told.stdout, /NOT TRIED\n {2}downloads {2}https:\/\/\*\.cdn\.test:443 from bastion: /)
  assert.match(told.stdout, /REACHED\n {2}registry .*: answers 401/)
  assert.match(told.stdout, /\n1 reached, 1 not reached, 1 not tried\n$/)

  await writeFile(at('list.json'), JSON.stringify({ ...list, endpoints: list.endpoints.slice(0, 1) }))
  const good = await sealift(...flags, '--json')
  assert.deepEqual([good.code, good.stderr], [0, ''])
  const { results, ...rest } = JSON.parse(good.stdout)
  assert.deepEqual(rest, { good: true })
  assert.deepEqual(
    { ...results[0], detail: '' },
    {
      ...{ id: 'registry', scheme: 'https', host: 'a.test', port: ports.https, place: 'bastion', outcome: 'reached' },
      ...{
        detail: '',
        fix: '',
        issuer: 'Authority of the outside',
        required: true,
        without: 'No image can be pulled.',
      },
    },
  )
  const without = await sealift(...flags.slice(0, 5), '--json')
  assert.equal(without.code, 6)
  assert.equal(JSON.parse(without.stdout).results[0].outcome, 'proxy-login')

  const missing = await sealift(at('nothing.json'))
  assert.match(missing.stderr, /\[USAGE_ALLOWLIST\]/)
  await writeFile(at('other.json'), JSON.stringify({ ...list, kind: 'Answers' }))
  assert.match((await sealift(at('other.json'))).stderr, /other\.json is no allowlist \[USAGE_ALLOWLIST\]/)
  const argv = await sealift(at('list.json'), '--proxy', squid.url.replace('//', '//site:S3CRET@'))
  assert.match(argv.stderr, /\[USAGE_PROXY\]/)
  for (const { stdout, stderr } of [told, good, without, argv]) assert.doesNotMatch(stdout + stderr, /S3CRET/)
})
