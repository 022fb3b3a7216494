import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { Redactor } from '../../../../installer/src/diagnose/redact.ts'
import { isRandom } from '../../../../installer/src/diagnose/redaction/shapes.ts'
import { headers, mark, secret } from '../../../fixtures/planted.ts'
import { fuzz } from '../../../hostile/random.ts'

const jwt = `${Buffer.from('{"alg":"EdDSA","typ":"JWT"}').toString('base64url')}.${Buffer.from('{"sub":"ann","aud":"envproxy"}').toString('base64url')}.c2lnbmF0dXJlc2lnbmF0dXJl`
const token = 'bGf0Xk2V9sQw7RtYp1LmNc4dZa8HuE3iOj6KvB5xTyA'
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string

/** Lines with a secret that nobody knew before; `mark` or what the second word says must be gone. */
const shapes: [line: string, gone?: string][] = [
  ...Object.entries(headers).map(([name, value]): [string] => [`${name}: ${value}`]),
  ...Object.entries(headers).map(([name, value]): [string] => [JSON.stringify({ msg: 'x', [name]: value })]),
  ...Object.entries(headers).map(([name, value]): [string] => [
    JSON.stringify({ msg: JSON.stringify({ [name]: value }) }),
  ]),
  [`password=${mark}`],
  [`PGPASSWORD=${mark} psql`],
  [`{"db":{"password":"${mark} with \\"quotes\\" and spaces ${mark}"}}`],
  [`"{\\"clientSecret\\":\\"${mark}\\",\\"a\\":1}"`],
  [`{'api_key': '${mark}'}`],
  [`session_token: ${mark}`],
  [`X-Api-Key: ${mark}`],
  [`run --password ${mark} --verbose`],
  [`run --token=${mark}`],
  [`args ["--client-secret","${mark}"]`],
  [`<password>${mark}</password>`],
  [`password%3D${mark}%26x%3D1`],
  [`dockerconfigjson: ${mark}`],
  [`passphrase := ${mark}`],
  [`connect to postgres://cde:${mark}@db:5432/cde failed`],
  [`connect to postgres://cde:${mark}/${mark}@db:5432/cde failed`],
  [`https:\\/\\/ann:${mark}@registry.example\\/v2`],
  [`proxy http://${mark}@proxy.example:3128`],
  [`GET /auth/oidc/callback?code=${mark}&state=${mark} 302`],
  [`open https://bastion:8443/#token=${mark}`],
  [`GET /x?ticket=${mark}&b=1`],
  [`GET /x?a=1\\u0026access_token=${mark}`],
  [`authorization header was Bearer ${secret}`],
  [
    `Basic ${Buffer.from(`ann:${mark}`).toString('base64')}`,
    Buffer.from(`ann:${mark}`).toString('base64').slice(4, 12),
  ],
  [`ticket ${jwt} refused`, jwt.slice(0, 30)],
  [`the key cde_${token} was used`, token],
  [`session ${token} has ended`, token],
  [`config ${Buffer.from(JSON.stringify({ auths: { r: { password: mark } } })).toString('base64')}`, 'eyJhdXRocyI6'],
  [
    `blob ${Buffer.from('token=abcdefgh').toString('base64')}`,
    Buffer.from('token=abcdefgh').toString('base64').slice(8, 16),
  ],
  [`key: "${pem.replaceAll('\n', '\\n')}"`, pem.split('\n')[1] as string],
]

test('what is secret by its name or its shape is removed', () => {
  for (const [line, gone = mark] of shapes) {
    const clean = new Redactor().text(line)
    assert.ok(!clean.includes(gone), `${line}\n${clean}`)
    assert.match(clean, /\[redacted\]/)
  }
})

const useful = [
  'Failed to pull image "10.99.0.1:40163/cde/postgres@sha256:387419f5e25f387419f5e25f387419f5e25f387419f5e25f387419f5e25f3874": x509: certificate signed by unknown authority',
  'pod cde-manager-7d9f8b7c9d-x2x4z (manager): CrashLoopBackOff: exit code 1 (Error), 5 restarts',
  'MountVolume.SetUp failed for volume "postgres" : secret "cde-postgres" not found',
  "couldn't find key password in Secret cde/cde-admin",
  'password authentication failed for user "cde"',
  'the token has expired: ask the manager for a new one',
  'connect ECONNREFUSED cde-postgres.cde.svc:5432',
  'GET https://cde.sealift.test/api/v0/workspaces 200 in 0.003 s',
  '    at Socket.<anonymous> (/app/node_modules/.pnpm/undici@8.13.1/lib/WebSocketConnection2.js:10:20)',
  '/var/lib/kubelet/pods/3f6f1f7e-2b0e-4c8e-9f5c-0a1b2c3d4e5f/volumes/kubernetes.io~projected/kube-api-access-x7x2z',
  'ssh host key SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 of the site',
  'topologyKey: kubernetes.io/hostname, key: node.kubernetes.io/not-ready, operator: Exists',
  'secretName: cde-tls, tokenExpirationSeconds: 3607, passwordFile: /etc/cde/postgres/password',
  'system:serviceaccount:cde:cde-manager cannot list resource "pods" in API group ""',
  'Started getty@tty1.service; git@github.com:x/y',
  '{"level":30,"time":1760000000000,"pid":7,"user":"k3x9p2m4qa","workspace":"ewglvlv9ng","msg":"session opened"}',
]

test('what helps a supporter stays as it is', () => {
  for (const line of useful) assert.equal(new Redactor().text(line), line)
})

test('private keys go over several lines of a log, certificates stay', () => {
  const redactor = new Redactor()
  const log = pem
    .trim()
    .split('\n')
    .map((line) => `2026-01-01T00:00:00Z stdout F ${line}`)
  const clean = [...log, 'behind it'].map(redactor.lines()).join('\n')
  for (const line of pem.trim().split('\n').slice(1, -1)) assert.ok(!clean.includes(line), clean)
  assert.match(clean, /behind it$/)
  assert.equal(
    redactor
      .text(`-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\nQk0=\n-----END PRIVATE KEY-----\nQk0=`)
      .match(/AAAA|Qk0=/g)?.length,
    1,
  )
  const certificate = `-----BEGIN CERTIFICATE-----\n${pem.split('\n').slice(1, 3).join('\n')}\n-----END CERTIFICATE-----`
  assert.equal(redactor.text(certificate), certificate)
  redactor.learnSecret('tls.key', pem)
  for (const line of pem.trim().split('\n').slice(1, -1)) assert.equal(redactor.text(`x ${line} y`), 'x [redacted] y')
})

test('an object keeps its structure, a Secret only the lengths of its values', () => {
  const redactor = new Redactor()
  const value = (data: unknown): string => JSON.stringify(redactor.structure(data))
  const pod = {
    kind: 'Pod',
    metadata: {
      name: 'p',
      managedFields: [{}],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': mark, note: 'kept' },
      labels: { owner: 'ann' },
    },
    spec: {
      volumes: [
        {
          name: 'v',
          secret: { secretName: 'cde-tls', items: [{ key: 'password', path: 'password' }], defaultMode: 288 },
        },
      ],
      imagePullSecrets: [{ name: 'pull' }],
      automountServiceAccountToken: true,
      containers: [
        {
          args: ['--token', mark, '--port', '1'],
          env: [
            { name: 'API_TOKEN', value: mark },
            { name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'cde-postgres', key: 'password' } } },
            { name: 'PORT', value: '8080' },
          ],
        },
      ],
    },
  }
  const clean = value(pod)
  assert.doesNotMatch(clean, new RegExp(`${mark}|"ann"|managedFields`))
  for (const kept of [
    '"secretName":"cde-tls"',
    '"key":"password"',
    '"name":"cde-postgres"',
    '"name":"pull"',
    '"value":"8080"',
    '"note":"kept"',
    '"automountServiceAccountToken":true',
  ])
    assert.ok(clean.includes(kept), `${kept} in ${clean}`)
  assert.equal(
    value({
      kind: 'Secret',
      metadata: { name: 's', annotations: { a: mark } },
      type: 'Opaque',
      data: { password: Buffer.from(mark).toString('base64') },
    }),
    '{"kind":"Secret","metadata":{"name":"s"},"type":"Opaque","data":[{"key":"password","bytes":7}]}',
  )
  assert.equal(
    value({ kind: 'ConfigMap', data: { 'db-password': mark, 'x.ini': `a=1\npassword=${mark}` } }),
    '{"kind":"ConfigMap","data":{"db-password":"[redacted]","x.ini":"a=1\\npassword=[redacted]"}}',
  )
})

test('a line without end is cut, a secret at the cut is not halved, and it does not take long', () => {
  const redactor = new Redactor()
  redactor.learnSecret('password', token)
  for (let before = 24_540; before < 24_600; before += 7) {
    const clean = redactor.text(`${'x '.repeat(before / 2)}${token}${' y'.repeat(9000)}`)
    assert.doesNotMatch(clean, /bGf0|5xTyA/)
    assert.ok(clean.length < 25_000)
  }
  const begun = performance.now()
  for (const unit of [
    'a',
    'password',
    'password=',
    '"',
    '\\',
    '\\"',
    '%',
    '%3d',
    '.',
    '-',
    '1.',
    ':',
    '@',
    'a@',
    '://',
    'eyJ',
    '/',
    'a.',
    '&amp;',
    ' user',
    'key=',
    '-----BEGIN ',
  ])
    redactor.logLines()(unit.repeat(24_000 / unit.length))
  assert.ok(performance.now() - begun < 20_000, `${performance.now() - begun} ms`)
})

test('property: new tokens of the platform look random, names of Kubernetes never do', async () => {
  let missed = 0
  await fuzz(300, async (random) => {
    if (!isRandom(random.bytes(32).toString('base64url'))) missed++
    assert.ok(!isRandom(`cde-${random.bytes(24).toString('hex')}`))
  })
  // of 43 characters one in a thousand holds no number
  assert.ok(missed <= 3, `${missed} of 300`)
})
