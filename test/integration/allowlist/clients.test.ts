import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { proxySecret } from '../../../installer/src/install/proxy-access.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { startSquid } from '../../lab/squid.ts'
import { outside } from './servers.ts'

test('Node.js, curl and git go through a proxy that wants a login and opens TLS, with what manager and workspaces are given', async (t) => {
  const { ports, ca, asked } = await outside(t, ['a.test'])
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  const login = { user: 'site', password: 'p:w @/#%$(HOME)ü' }
  await writeFile(at('servers.crt'), ca)
  await writeFile(at('login'), `${login.user}:${login.password}\n`)
  const squid = await startSquid({
    ...{ directory: await temporaryDirectory(t), hosts: ['a.test'], login },
    intercept: { servers: at('servers.crt') },
  })
  t.after(() => squid.stop())
  const caFile = squid.caFile as string
  const secret = proxySecret({ proxy: { loginFile: at('login'), caFile } }) as Record<string, string>
  assert.equal(secret['ca.crt'], await readFile(caFile, 'utf8'))
  // as the kubelet puts it in
  const proxy = 'http://$(PROXY_LOGIN)@127.0.0.1:'.replace('$(PROXY_LOGIN)', () => secret.login as string) + squid.port
  const { PATH } = process.env
  const env = {
    ...{ PATH, HOME: directory, HTTPS_PROXY: proxy, https_proxy: proxy, NODE_USE_ENV_PROXY: '1' },
    ...{ NODE_EXTRA_CA_CERTS: caFile, CURL_CA_BUNDLE: caFile, GIT_SSL_CAINFO: caFile, GIT_TERMINAL_PROMPT: '0' },
  }
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(program, args, { env, timeout: 20_000 }).then(
      ({ stdout }) => stdout,
      (error: Error & { stderr?: string }) => `${error.stderr}`,
    )
  const url = `https://a.test:${ports.https}`
  const script = `console.log((await fetch('${url}/node')).status)`
  assert.equal(await run(process.execPath, '--input-type=module', '--eval', script), '401\n')
  assert.equal(await run('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', `${url}/curl`), '401')
  // it would ask for a user there
  assert.match(await run('git', 'ls-remote', `${url}/git`), /could not read Username|Authentication failed/i)
  assert.deepEqual(asked, ['/node', '/curl', '/git/info/refs?service=git-upload-pack'])
})
