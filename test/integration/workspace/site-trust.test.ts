import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { shellEnvironment } from '../../../services/workspace/shell-environment.ts'
import { siteTrust } from '../../../services/workspace/site-trust.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { createAuthority, issueCertificate } from '../../lab/certificates.ts'

const run = promisify(execFile)

/** A git server of the site, whose certificate only the site's CA vouches for. */
async function startSite(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const authority = await createAuthority(directory, 'ca', 'CA of a site')
  const served = await issueCertificate(authority, directory, 'git', {
    commonName: 'git',
    dns: ['localhost'],
    usage: ['serverAuth'],
  })
  const repository = join(directory, 'repository.git')
  await run('git', ['init', '--quiet', '--bare', repository])
  const tree = (await run('git', ['-C', repository, 'hash-object', '-t', 'tree', '-w', '/dev/null'])).stdout.trim()
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
  const commit = (await run('git', ['-C', repository, ...author, 'commit-tree', '-m', 'first', tree])).stdout.trim()
  await run('git', ['-C', repository, 'update-ref', 'refs/heads/main', commit])
  await run('git', ['-C', repository, 'update-server-info'])
  const server = createServer(
    { cert: await readFile(served.certificateFile), key: await readFile(served.keyFile) },
    (request, answer) => {
      const path = normalize(new URL(request.url ?? '', 'https://localhost').pathname)
      readFile(join(directory, path)).then(
        (content) => answer.end(content),
        () => answer.writeHead(404).end(),
      )
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `https://localhost:${(server.address() as AddressInfo).port}/repository.git`
  return { directory, ca: authority.certificateFile, url, commit }
}

/** Runs a line as a login shell of the workspace would. */
const shell = async (line: string, home: string, trust: Record<string, string>) =>
  await run('/bin/bash', ['--login', '-c', line], {
    cwd: home,
    env: { ...shellEnvironment({ PATH: process.env.PATH, HOME: home }, trust) },
    timeout: 20_000,
  }).then(
    ({ stdout }) => stdout.trim(),
    (error: { stderr: string }) => error.stderr,
  )

test('git, curl and Node in a workspace trust a server of the site, and did not before', async (t) => {
  const site = await startSite(t)
  const home = await temporaryDirectory(t)
  const node = `node -e 'fetch("${site.url}/HEAD").then(async (r) => console.log(await r.text()), (e) => { console.error(e.cause.code); process.exit(1) })'`
  const git = `git ls-remote ${site.url} refs/heads/main`
  const curl = `curl --silent --show-error ${site.url}/HEAD`

  assert.match(await shell(git, home, {}), /certificate/)
  assert.match(await shell(curl, home, {}), /certificate/)
  assert.match(await shell(node, home, {}), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/)

  const trust = await siteTrust(site.ca, join(home, '.cde'))
  assert.equal(await shell(git, home, trust), `${site.commit}\trefs/heads/main`)
  assert.match(await shell(curl, home, trust), /^ref: refs\/heads\//)
  assert.match(await shell(node, home, trust), /^ref: refs\/heads\//)
})

test('the public authorities stay trusted beside the site', async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'public.crt'), 'PUBLIC\n')
  await writeFile(join(directory, 'site.crt'), 'SITE\n')
  const trust = await siteTrust(join(directory, 'site.crt'), directory, join(directory, 'public.crt'))
  assert.match(await readFile(trust.SSL_CERT_FILE ?? '', 'utf8'), /PUBLIC\n+SITE\n/)
})

test('a site without a CA of its own changes nothing', async (t) => {
  const directory = await temporaryDirectory(t)
  assert.deepEqual(await siteTrust(undefined, directory), {})
  assert.deepEqual(await siteTrust(join(directory, 'missing.crt'), directory), {})
})
