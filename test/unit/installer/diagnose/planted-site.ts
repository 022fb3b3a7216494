import { generateKeyPairSync } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Written } from './fake-site.ts'
import { spellings } from './spellings.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const longPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string

/** Secrets whose values stand in Secrets of the namespace, each by the key that it has there. */
export const known = {
  admin: 'Adm1n-pa"ss\\w&rd<1>',
  postgres: 'kT7pQ2mX9vB4nC8zR1wY5sD3fG6hJ0aL',
  internal: 'open sesame and three more words',
  short: 'x7Q!z9',
  registry: 'pull/+pull==',
  url: 'url+pass/word',
  deep: 'deep_in_a_config_1',
  helm: 'only-in-helm-values-1',
  account: 'sa-token-opaque-9f8e7d',
} as const

/** Secrets that nobody announces: only their names and shapes give them away. */
export const unknown = {
  session: 'q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8l9Z0x1C',
  apiKey: 'cde_Zx9Cv8Bn7Mm6Aa5Ss4Dd3Ff2Gg1Hh0Jj9Kk8Ll7Qq6W',
  jwt: `${Buffer.from('{"alg":"EdDSA"}').toString('base64url')}.${Buffer.from('{"sub":"x","workspace":"y"}').toString('base64url')}.AbCdEfGh1234567890`,
  named: 'plainly-named-value',
  env: 'env-value-nobody-knows',
  flag: 'flag-value-nobody-knows',
  userinfo: 'userinfo-nobody-knows',
  query: 'query-nobody-knows',
  cookie: 'cookie-nobody-knows',
  answers: 'answers-value-nobody-knows',
  token: 'kubeconfig-token-nobody-knows',
  upload: 'uploaded-and-nobody-knows',
  proxy: 'proxy-pass-nobody-knows',
  proxyLogin: 'p w@ss:of-the-proxy',
  passphrase: 'passphrase-nobody-knows',
} as const

/** People, and what identifies them. */
export const people = [
  'ann.smith',
  'ann.smith@bank.example',
  'roberta',
  'zoe.late',
  'bank.example',
  '10.77.66.55',
  '2001:db8:77::5',
] as const

/** What a supporter needs, and must be there still. */
export const useful = [
  'sha256:387419f5e25f387419f5e25f387419f5e25f387419f5e25f387419f5e25f3874',
  'cde-manager-7d9f8b7c9d-x2x4z',
  'CrashLoopBackOff',
  'FailedMount',
  'connect ECONNREFUSED cde-postgres:5432',
  'containerd://1.6.20',
  'DATABASE_UNAVAILABLE',
  'cde-postgres',
  '10.244.0.9',
  'v1.34.4',
] as const

const labels = (component: string) => ({
  'app.kubernetes.io/part-of': 'cde',
  'app.kubernetes.io/instance': 'cde',
  'app.kubernetes.io/component': component,
})
const meta = (name: string, more: object = {}) => ({ name, namespace: 'cde', ...more })
const secret = (name: string, data: Record<string, string>, type = 'Opaque'): Written => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: meta(name, {
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ stringData: data }) },
  }),
  type,
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
})

const docker = JSON.stringify({
  auths: { 'r.example': { username: 'puller', password: known.registry, auth: base64(`puller:${known.registry}`) } },
})
const release = {
  name: 'cde',
  version: 3,
  config: { postgres: { password: known.helm } },
  info: {
    status: 'failed',
    last_deployed: '2026-01-01T00:00:00Z',
    description: `Upgrade "cde" failed with ${known.postgres}`,
  },
  chart: { metadata: { name: 'cde', version: '0.1.0' } },
  manifest: `kind: Secret\nstringData: {password: ${known.admin}}`,
}

/** Each known secret in each way to write it, as lines of text. */
export const everyWay = (): string[] =>
  Object.values(known).flatMap((one) =>
    spellings.map(({ name, write }) => `tried as ${name}: ${write(one)} and went on`),
  )

export const logs: Record<string, string> = {
  manager: [
    'zoe.late was here before anybody knew that this is a name',
    ...everyWay(),
    `{"msg":"login","username":"ann.smith","cookie":"session_token=${unknown.cookie}; a=b"}`,
    `{"msg":"mail","to":"ann.smith@bank.example"} roberta came, too`,
    `connect ECONNREFUSED cde-postgres:5432`,
    `session ${unknown.session} and key ${unknown.apiKey} and ticket ${unknown.jwt}`,
    `config: {"clientSecret": "${unknown.named}"} url postgres://cde:${unknown.userinfo}@db/cde`,
    ...pem.trim().split('\n'),
    ...longPem
      .trim()
      .split('\n')
      .map((line) => `2026-01-01 ${line}`),
    'done',
  ].join('\n'),
  ingress: [
    '{"msg":"login","username":"zoe.late"}',
    `{"msg":"request","host":"8000-box-roberta.dev.site.example","path":"/","client":"10.77.66.55","upstream":"10.244.0.9:8080"}`,
    `{"msg":"request","host":"cde.site.example","path":"/auth?code=${unknown.query}&x=1","client":"2001:db8:77::5"}`,
  ].join('\n'),
}

export const objects: readonly Written[] = [
  secret('cde-admin', { password: known.admin }),
  secret('cde-postgres', { password: known.postgres, username: 'cde' }),
  secret('cde-internal', { key: known.internal }),
  secret('cde-ssh', { 'host.pem': pem, pin: known.short }),
  secret(
    'cde-tls',
    { 'tls.key': longPem, 'tls.crt': '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' },
    'kubernetes.io/tls',
  ),
  secret('cde-registry', { '.dockerconfigjson': docker }, 'kubernetes.io/dockerconfigjson'),
  secret('own', {
    DATABASE_URL: `postgres://cde:${encodeURIComponent(known.url)}@db/cde`,
    'app.yaml': `a: 1\nsecret: ${known.deep}\n`,
  }),
  secret('account', { token: known.account }, 'kubernetes.io/service-account-token'),
  secret(
    'sh.helm.release.v1.cde.v3',
    { release: gzipSync(JSON.stringify(release)).toString('base64') },
    'helm.sh/release.v1',
  ),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta('notes'),
    data: {
      'notes.txt': everyWay().join('\n'),
      'api-token': unknown.named,
      'x.ini': `password = ${unknown.named}\nhost = cde-postgres`,
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('cde-manager', {
      labels: labels('manager'),
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ password: known.admin }),
        'example.com/contact': 'ann.smith@bank.example',
      },
    }),
    spec: {
      replicas: 1,
      selector: { matchLabels: labels('manager') },
      template: {
        spec: {
          containers: [
            {
              name: 'manager',
              image: 'r.example/cde/manager@sha256:387419f5e25f387419f5e25f387419f5e25f387419f5e25f387419f5e25f3874',
              args: ['--token', unknown.flag, `--password=${unknown.flag}`],
              env: [
                { name: 'API_TOKEN', value: unknown.env },
                { name: 'DEVURLS_HOST', value: 'dev.site.example' },
                { name: 'BLOB', value: base64(JSON.stringify({ password: known.postgres })) },
                { name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'cde-postgres', key: 'password' } } },
              ],
            },
          ],
        },
      },
    },
    status: { replicas: 1 },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta('cde-manager-7d9f8b7c9d-x2x4z', {
      labels: { ...labels('manager'), 'example.com/owner': 'roberta' },
    }),
    spec: {
      containers: [
        {
          name: 'manager',
          ports: [{ name: 'manager', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/healthz', port: 'manager' } },
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: '10.244.0.9',
      containerStatuses: [
        {
          name: 'manager',
          ready: false,
          restartCount: 2,
          containerID: 'containerd://x',
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
          lastState: { terminated: { exitCode: 1, reason: 'Error' } },
        },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta('cde-ingress-0', { labels: labels('ingress') }),
    spec: { containers: [{ name: 'ingress' }] },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'ingress', ready: true, restartCount: 0, containerID: 'containerd://y', state: { running: {} } },
      ],
    },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: meta('admins'),
    subjects: [{ kind: 'User', name: 'ann.smith@bank.example', apiGroup: 'rbac.authorization.k8s.io' }],
    roleRef: { kind: 'Role', name: 'cde-manager' },
  },
  {
    apiVersion: 'example.com/v1',
    kind: 'VaultSecret',
    metadata: meta('foreign'),
    data: { x: base64(known.admin) },
    stringData: { y: unknown.named },
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: meta('e1'),
    type: 'Warning',
    reason: 'FailedMount',
    message: `MountVolume.SetUp failed: secret "cde-postgres" not found, tried ${known.postgres} for ann.smith@bank.example`,
    count: 7,
    involvedObject: { kind: 'Pod', name: 'cde-manager-7d9f8b7c9d-x2x4z' },
    lastTimestamp: '2026-01-01T00:00:00Z',
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    spec: { podCIDR: '10.244.0.0/24' },
    status: {
      conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'runtime is down' }],
      nodeInfo: {
        kubeletVersion: 'v1.34.4',
        containerRuntimeVersion: 'containerd://1.6.20',
        kernelVersion: '6.1',
        osImage: 'Debian',
        architecture: 'amd64',
      },
    },
  },
]
