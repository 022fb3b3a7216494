import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { promisify } from 'node:util'
import { createAuthority, issueCertificate, type KeyPair } from '../../../installer/src/certificates/issue.ts'
import { permits } from '../../../installer/src/certificates/name-constraints.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const openssl = async (...args: string[]) => (await promisify(execFile)('openssl', args)).stdout
const day = 86_400_000
const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
const authorityOf = (hosts: string[]) => createAuthority('CA of a site', hosts, validity)

/** What openssl says of a certificate under a CA: OK, or why not. */
async function opensslSays(t: TestContext, authority: KeyPair, certificate: string): Promise<string> {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  await writeFile(at('ca.crt'), authority.certificate)
  await writeFile(at('leaf.crt'), certificate)
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', at('ca.crt'), at('leaf.crt')]
  return await openssl(...args).then(
    () => 'OK',
    (error: Error) => /error \d+ at .*/.exec(error.message)?.[0] ?? error.message,
  )
}

/** What Node says in a handshake, without its own look at the host's name. */
async function nodeSays(authority: KeyPair, leaf: KeyPair): Promise<string> {
  const server = createServer({ cert: leaf.certificate, key: leaf.key })
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  try {
    return await new Promise((resolve) => {
      const trust = { ca: authority.certificate, checkServerIdentity: () => undefined }
      const socket = connect({ port, host: '127.0.0.1', ...trust }, () => {
        socket.destroy()
        resolve('OK')
      })
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.message))
    })
  } finally {
    server.close()
  }
}

const names = ['cde.example', '*.dev.example']
const addresses = ['10.0.0.5', 'fd00::1']
const cases: { of: string[]; may: string[]; mayNot: string[] }[] = [
  {
    of: names,
    may: ['cde.example', '*.dev.example', '8000-box-ann.dev.example'],
    mayNot: ['bank.example', 'example', '*.example', 'notcde.example', '10.0.0.5', '::1', 'fd00::1'],
  },
  { of: addresses, may: addresses, mayNot: ['10.0.0.6', '11.0.0.5', '::1', 'fd00::2', 'cde.example', '*.example'] },
  { of: ['10.0.0.5'], may: ['10.0.0.5'], mayNot: ['10.0.0.4', 'fd00::1', 'localhost'] },
  {
    of: ['registry.example', '10.0.0.5'],
    may: ['registry.example', '10.0.0.5'],
    mayNot: ['cde.example', '10.0.0.1', '::'],
  },
]

for (const { of, may, mayNot } of cases)
  test(`a CA for ${of.join(' and ')} signs for nobody else`, async (t) => {
    const authority = await authorityOf(of)
    assert.equal(await opensslSays(t, authority, (await issueCertificate(authority, of, validity)).certificate), 'OK')
    for (const host of may) {
      const leaf = await issueCertificate(authority, [host], validity)
      assert.deepEqual(
        [await opensslSays(t, authority, leaf.certificate), await nodeSays(authority, leaf)],
        ['OK', 'OK'],
      )
      assert.equal(permits(authority.certificate, [host]), true, host)
    }
    for (const host of mayNot)
      for (const hosts of [[host], [...may, host]]) {
        const leaf = await issueCertificate(authority, hosts, validity)
        assert.match(await opensslSays(t, authority, leaf.certificate), /(permitted|excluded) subtree violation/, host)
        assert.match(await nodeSays(authority, leaf), /subtree violation/, host)
        assert.equal(permits(authority.certificate, hosts), false, host)
      }
  })

test('nor does it sign for mail, URLs, a name in the subject alone, or clients', async (t) => {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  const authority = await authorityOf(names)
  await writeFile(at('ca.crt'), authority.certificate)
  await writeFile(at('ca.key'), authority.key)
  const sign = async (subject: string, ...extensions: string[]) => {
    await writeFile(at('ext'), extensions.join('\n'))
    const request = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', subject]
    await openssl(...request, '-keyout', at('leaf.key'), '-out', at('leaf.csr'))
    const by = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('ext')]
    await openssl('x509', '-req', '-in', at('leaf.csr'), '-out', at('leaf.crt'), ...by)
  }
  const verify = (purpose = 'sslserver') =>
    openssl('verify', '-purpose', purpose, '-CAfile', at('ca.crt'), at('leaf.crt'))
  await sign('/CN=x', 'subjectAltName=DNS:cde.example')
  await verify()
  await assert.rejects(verify('sslclient'), /unsuitable certificate purpose|unsupported certificate purpose/)
  await sign('/CN=bank.example')
  await assert.rejects(verify(), /permitted subtree violation/)
  for (const name of ['email:ann@cde.example', 'email:root@bank.example', 'URI:https://bank.example/']) {
    await sign('/CN=x', `subjectAltName=DNS:cde.example,${name}`)
    await assert.rejects(verify(), /permitted subtree violation/, name)
  }
  const text = await openssl('x509', '-in', at('ca.crt'), '-noout', '-text')
  assert.match(text, /X509v3 Name Constraints: critical/)
  assert.match(text, /CA:TRUE, pathlen:0/)
})

test('the constraints that other makers write are understood: parent domains, leading dots, masks, exclusions', async (t) => {
  const directory = await temporaryDirectory(t)
  const made = async (constraints: string) => {
    const [key, out] = [join(directory, 'key'), join(directory, 'crt')]
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x']
    const extensions = constraints === '' ? [] : ['-addext', `nameConstraints=${constraints}`]
    await openssl(...request, '-keyout', key, '-out', out, ...extensions)
    return await readFile(out, 'utf8')
  }
  assert.equal(permits(await made(''), ['any.example']), undefined)
  const wide = await made(
    'critical,permitted;DNS:.site.example,permitted;IP:10.0.0.0/255.0.0.0,excluded;DNS:x.site.example',
  )
  for (const host of ['registry.site.example', 'REGISTRY.site.example', '*.a.site.example', '10.1.2.3'])
    assert.equal(permits(wide, [host]), true, host)
  for (const host of [
    'x.site.example',
    'a.x.site.example',
    'site.example.org',
    'mysite.example',
    '11.0.0.1',
    'fd00::1',
  ])
    assert.equal(permits(wide, [host]), false, host)
  assert.equal(permits(await made('critical,excluded;DNS:x.example'), ['10.0.0.1', 'y.example']), true)
})
