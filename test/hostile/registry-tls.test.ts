import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createAuthority, issueCertificate } from '../../installer/src/certificates/issue.ts'
import { tlsFailure } from '../../installer/src/stores/registry/tls-failure.ts'
import { failureOf, fakeRegistry, storeFor } from '../unit/installer/registry/fake-registry.ts'

const day = 86_400_000
const around = (from: number, to: number) => ({
  from: new Date(Date.now() + from * day),
  to: new Date(Date.now() + to * day),
})

/** What is said of a registry with a certificate for `hosts` of a time, to a client that knows its CA or not. */
async function said(t: TestContext, hosts: string[], validity: { from: Date; to: Date }, known = true, more = {}) {
  const names = ['127.0.0.1', 'other.example', 'more.example']
  const ca = await createAuthority('test CA', names, around(-100, 100))
  const { certificate: cert, key } = await issueCertificate(ca, hosts, validity)
  const fake = await fakeRegistry(t, { tls: { cert, key, ...more } })
  const registries = { [fake.host]: known ? { caPem: ca.certificate } : {} }
  const error = await failureOf(storeFor(t, [], { registries }).resolve(`${fake.host}/cde/a:1`))
  assert.equal(error.code, 'REGISTRY_TLS')
  assert.ok(error.message.includes(fake.host), error.message)
  assert.equal(fake.seen.length, 0, 'nothing was asked')
  return error
}

test('a certificate for other names is told with these, and no CA is asked for', async (t) => {
  const error = await said(t, ['other.example', 'more.example'], around(-1, 1))
  assert.match(error.message, /is for another name$/)
  assert.match(error.why ?? '', /it is for other\.example, more\.example$/)
  assert.match(error.fix ?? '', /use a name that it is for/)
  assert.doesNotMatch(error.fix ?? '', /--registry-ca/)
})

test('a certificate that has ended, or has not begun, is told with its dates and the clock of this machine', async (t) => {
  for (const [validity, message] of [
    [around(-3, -2), /has ended$/],
    [around(2, 3), /is not valid yet$/],
  ] as const) {
    const error = await said(t, ['127.0.0.1'], validity)
    assert.match(error.message, message)
    assert.ok((error.why ?? '').includes(validity.to.toISOString().slice(0, 10)), error.why ?? '')
    assert.ok((error.why ?? '').includes('the clock of this machine says'), error.why ?? '')
    assert.doesNotMatch(error.fix ?? '', /--registry-ca/)
  }
})

test('only for a CA that is not known the CA is asked for', async (t) => {
  const error = await said(t, ['127.0.0.1'], around(-1, 1), false)
  assert.match(error.message, /is not to be trusted$/)
  assert.match(error.fix ?? '', /--registry-ca FILE/)
})

test('a registry without a cipher or a version in common is told as that', async (t) => {
  for (const more of [
    { ciphers: 'AES256-GCM-SHA384', maxVersion: 'TLSv1.2' },
    { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' },
  ]) {
    const error = await said(t, ['127.0.0.1'], around(-1, 1), true, more)
    assert.match(error.message, /find no TLS in common|no version of TLS/)
    assert.doesNotMatch(error.fix ?? '', /--registry-ca/)
  }
})

test('each code of TLS has its own advice, and one that is not known a way to see more', () => {
  for (const [code, message, fix] of [
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /not to be trusted/, /--registry-ca/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /not to be trusted/, /--registry-ca/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /not to be trusted/, /--registry-ca/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not to be trusted/, /--registry-ca/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for another name/, /issued again with r\.example/],
    ['HOSTNAME_MISMATCH', /for another name/, /issued again/],
    ['CERT_HAS_EXPIRED', /has ended/, /renewed/],
    ['CERT_NOT_YET_VALID', /not valid yet/, /clock/],
    ['CERT_REVOKED', /was revoked/, /another one/],
    ['CERT_SIGNATURE_FAILURE', /may be accepted/, /issued again/],
    ['INVALID_PURPOSE', /may be accepted/, /issued again/],
    ['INVALID_CA', /may be accepted/, /issued again/],
    ['ERR_SSL_EE_KEY_TOO_SMALL', /may be accepted/, /issued again/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/, /curl -v/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /no version of TLS/, /TLS 1\.2/],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', /no version of TLS/, /TLS 1\.2/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /no TLS in common/, /ciphers/],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', /no TLS in common/, /ciphers/],
    ['ERR_SSL_NO_SHARED_CIPHER', /no TLS in common/, /ciphers/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /certificate of the client/, /user and a password/],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', /does not know that name/, /use the name/],
    ['EPROTO', /fails/, /openssl s_client -connect r\.example:443/],
  ] as const) {
    const error = tlsFailure(code, 'r.example', 'could not read it', new Error(code))
    assert.equal(error.code, 'REGISTRY_TLS')
    assert.match(error.message, message, code)
    assert.match(error.fix ?? '', fix, code)
    if (!/trusted/.test(error.message)) assert.doesNotMatch(error.fix ?? '', /--registry-ca/, code)
  }
})

test('names of a certificate are printed only as far as they are names', () => {
  const cert = { subjectaltname: `DNS:a.example, DNS:"b\u001b[31m", ${'DNS:c.example, '.repeat(1000)}` }
  const error = tlsFailure('ERR_TLS_CERT_ALTNAME_INVALID', 'r.example', 'no', Object.assign(new Error(), { cert }))
  assert.equal(error.why, 'no; it is for a.example, c.example, c.example, c.example, c.example')
})
