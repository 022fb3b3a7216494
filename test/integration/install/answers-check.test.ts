import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { readDraft } from '../../../installer/src/answers/read.ts'
import { issueCertificate as sign } from '../../../installer/src/certificates/issue.ts'
import { checkOffline } from '../../../installer/src/checks/offline/offline.ts'
import { createAuthority, issueCertificate } from '../../../installer/src/install/own-certificate.ts'
import { licenseKeys, signingKeys } from '../../fixtures/release.ts'
import { site } from './site.ts'

const signal = new AbortController().signal
const day = 86_400_000

/** A site whose answers are good, and what is found in others that differ from them. */
async function checkedSite(t: TestContext) {
  const { at, license } = await site(t)
  const good = readFileSync(at('answers.yaml'), 'utf8')
  return {
    at,
    license,
    write: (name: string, text: string, mode = 0o600) => {
      writeFileSync(at(name), text)
      chmodSync(at(name), mode)
    },
    /** `line pointer level message` of each finding */
    async findings(change: (text: string) => string = (text) => text, whole = false) {
      const { draft, faults, lineOf } = readDraft(change(good), at('answers.yaml'))
      const { findings } = await checkOffline(draft, faults, { whole, signal })
      for (const { fix } of findings) assert.ok(fix)
      return findings.map(({ pointer, level, message }) => `${lineOf(pointer)} ${pointer} ${level} ${message}`)
    },
  }
}

const matches = (found: string[], ...expected: RegExp[]) => {
  assert.equal(found.length, expected.length, found.join('\n'))
  for (const [i, pattern] of expected.entries()) assert.match(found[i] as string, pattern)
}

test('good answers have no findings, and every byte of their bundle holds', async (t) => {
  const { findings } = await checkedSite(t)
  assert.deepEqual(await findings(undefined, true), [])
})

test('all faults are told, each once, with its line, and what is sound is looked at all the same', async (t) => {
  const { findings } = await checkedSite(t)
  matches(
    await findings((text) =>
      text
        .replace('my.license', 'no.license')
        .replace('[vendor.pub]', '[vendor.pub, none.pub]')
        .replace('kubeconfig: kubeconfig', 'kubeconfig: .')
        .replace('cde.example', 'CDE.example')
        .concat('tls: {certFile: none.crt, keyFile: none.key}\nlicence: x\n'),
    ),
    /^11 \/licence error there is no such field/,
    /^9 \/host error it has upper-case letters/,
    /^6 \/trust\/1 error there is no such file: \/.*\/none\.pub/,
    /^5 \/license error there is no such file/,
    /^7 \/kubeconfig error it is a directory, not a file/,
    /^10 \/tls\/certFile error there is no such file/,
    /^10 \/tls\/keyFile error there is no such file/,
  )
})

test('a key that is none, is private, or is another one than signed, is told of', async (t) => {
  const { findings, write } = await checkedSite(t)
  const { publicKey, privateKey } = signingKeys()
  write('other.pub', publicKey)
  write('private.pub', privateKey)
  write('license.pub', licenseKeys().publicKey)
  const trust = (files: string) => findings((text) => text.replace('[vendor.pub]', files))
  matches(await trust('[other.pub]'), /^6 \/trust error .* signed by a key that is not trusted here/)
  matches(await trust('[vendor.pub, other.pub]'))
  for (const file of ['private.pub', 'license.pub', 'my.license'])
    matches(await trust(`[vendor.pub, ${file}]`), new RegExp(`/trust/1 error it is no public key that signs .*${file}`))
})

test('a bundle that is missing, none, or damaged behind its index', async (t) => {
  const { at, findings } = await checkedSite(t)
  const bundle = (file: string, whole = false) => findings((text) => text.replace('cde.bundle', file), whole)
  matches(await bundle('none.bundle'), /^4 \/bundle error .*none\.bundle/)
  matches(await bundle('my.license'), /^4 \/bundle error .*my\.license/)
  mkdirSync(at('directory'))
  matches(await bundle('directory'), /^4 \/bundle error/)
  const damaged = readFileSync(at('cde.bundle'))
  damaged[damaged.indexOf('base layer') + 20] = 0
  writeFileSync(at('damaged.bundle'), damaged)
  matches(await bundle('damaged.bundle'))
  matches(await bundle('damaged.bundle', true), /^4 \/bundle error/)
})

test('a license that is refused for these answers, or ends soon', async (t) => {
  const { findings, license, write } = await checkedSite(t)
  const now = Math.floor(Date.now() / 1000)
  await license({ tier: 'free', features: { airgap: false, seats: 5 } })
  matches(await findings(), /^5 \/license error the free license of .* does not include air-gapped mode \(the images/)
  await license({}, licenseKeys().privateKey)
  matches(await findings(), /\/license error the license is not signed by a key/)
  await license({ license_expires: now + 86_400, exp: now + 2 * 86_400 })
  matches(await findings(), /\/license warning .* ends .*, in 1 day/)
  write('my.license', 'x'.repeat(70_000))
  matches(await findings(), /\/license error it is larger than 65536 bytes/)
  write('my.license', '')
  matches(await findings(), /\/license error it is empty/)
})

test('a certificate for another name, a foreign key, a broken chain, one that ends soon, a CA that is none', async (t) => {
  const { findings, write } = await checkedSite(t)
  const host: [string] = ['cde.example']
  const [authority, other] = [await createAuthority(host), await createAuthority(host)]
  const { certificate, key } = await issueCertificate(authority, host)
  write('ca.crt', authority.certificate, 0o644)
  write('other-ca.crt', other.certificate)
  write('cde.crt', certificate, 0o644)
  write('cde.key', key)
  write('other.key', other.key)
  write('open.key', key, 0o644)
  write('chain.crt', certificate + other.certificate)
  const soon = await sign(authority, host, { from: new Date(Date.now() - day), to: new Date(Date.now() + 5.5 * day) })
  write('soon.crt', soon.certificate)
  write('soon.key', soon.key)
  const tls = (fields: string, more = (text: string) => text) => findings((text) => `${more(text)}tls: {${fields}}\n`)
  matches(await tls('certFile: cde.crt, keyFile: cde.key, caFile: ca.crt'))
  matches(
    await tls('certFile: cde.crt, keyFile: open.key, caFile: ca.crt'),
    /\/tls\/keyFile warning others on this machine can read it/,
  )
  matches(
    await tls('certFile: cde.crt, keyFile: cde.key', (text) => text.replace('cde.example', 'x.example')),
    /^10 \/tls\/certFile error .*does not name x\.example/,
  )
  matches(await tls('certFile: cde.crt, keyFile: cde.key'), /\/tls\/certFile warning .* this machine does not know/)
  matches(
    await tls('certFile: cde.crt, keyFile: cde.key, caFile: ca.crt', (text) => `${text}devUrlsHost: DEV.example\n`),
    /\/devUrlsHost error it has upper-case letters/,
  )
  matches(await tls('certFile: cde.crt, keyFile: other.key'), /\/tls\/certFile error .*key belongs to another/)
  matches(await tls('certFile: chain.crt, keyFile: cde.key'), /error certificate 1 is not signed by the one behind it/)
  matches(await tls('certFile: cde.crt, keyFile: cde.key, caFile: other-ca.crt'), /error the CA in .* did not sign it/)
  matches(
    await tls('certFile: soon.crt, keyFile: soon.key, caFile: ca.crt'),
    /\/tls\/certFile warning it lasts until .* in 6 days/,
  )
  matches(await tls('certFile: cde.crt, keyFile: cde.key, caFile: cde.crt'), /\/tls\/caFile error .* none of a CA/)
  matches(
    await findings((text) => text.replace('plainHttp: true', 'caFile: my.license')),
    /\/registry\/caFile error there is no certificate in it/,
  )
})

test('a kubeconfig that is none, without the context, or without TLS', async (t) => {
  const { at, findings, write } = await checkedSite(t)
  matches(
    await findings((text) => `${text}context: y\n`),
    /^10 \/context error .* has no context "y" \(its contexts: x\)/,
  )
  write('kubeconfig', readFileSync(at('kubeconfig'), 'utf8').replace('https:', 'http:'))
  matches(await findings(), /^7 \/kubeconfig error .*without TLS/)
  write('kubeconfig', '{[')
  matches(await findings((text) => `${text}context: y\n`), /^7 \/kubeconfig error .*cannot be read as a kubeconfig/)
})

test('values that other answers decide, and checks that cannot be ignored', async (t) => {
  const { findings } = await checkedSite(t)
  matches(
    await findings((text) => `${text}values: {mode: connected}\n`),
    /^10 \/values error values\.mode is decided by other answers/,
  )
  matches(await findings((text) => `${text}ignore: [network-polici]\n`), /^10 \/ignore error there is no check/)
  matches(await findings((text) => `${text}ignore: [license]\n`), /^10 \/ignore error no answer can ignore: license/)
})

test('the command prints findings line by line, or as one document, and ends with 2 where one is an error', async (t) => {
  const { at } = await checkedSite(t)
  const cli = path.join(import.meta.dirname, '../../../installer/src/cli/sealift.mjs')
  const run = async (...words: string[]) => {
    const call = promisify(execFile)(process.execPath, [cli, 'answers', 'check', ...words])
    return await call.then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    )
  }
  const file = at('answers.yaml')
  const good = await run(file)
  assert.equal(good.code, 0)
  assert.match(good.stdout, /can be installed from/)
  writeFileSync(file, readFileSync(file, 'utf8').replace('host: cde.example', 'host: https://cde.example/'))
  const bad = await run(file)
  assert.equal(bad.code, 2)
  assert.equal(
    bad.stdout,
    `${file}:9: error: host: it is a URL, and only its host name is needed\n  try: did you mean "cde.example"?\n1 error, 0 warnings in ${file}\n`,
  )
  const json = await run(file, '--json')
  assert.equal(json.code, 2)
  const { good: isGood, release, findings } = JSON.parse(json.stdout)
  assert.deepEqual([isGood, release, findings.length], [false, { name: 'cde', version: '0.1.0' }, 1])
  assert.deepEqual(findings[0], {
    line: 9,
    level: 'error',
    pointer: '/host',
    message: 'it is a URL, and only its host name is needed',
    fix: 'did you mean "cde.example"?',
  })
})
