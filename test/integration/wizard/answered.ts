import { emptyDraft, setAnswer } from '../../../installer/src/answers/draft.ts'
import type { CheckResult } from '../../../installer/src/checks/check.ts'
import type { Look, Looked, Serving, SessionEvent, View } from '../../../installer/src/wizard/view.ts'

/** Answers with which nothing is missing. */
export const answered: View['draft'] = Object.entries({
  '/bundle': '/media/usb/cde-0.1.0.bundle',
  '/trust': ['/media/usb/vendor.pub'],
  '/license': '/media/usb/bank.license',
  '/registry/address': '10.0.0.5:5000',
  '/host': 'cde.site.example',
}).reduce((so, [pointer, value]) => setAnswer(so, pointer, value), emptyDraft)

/** Serving the bundle: half verified, served, and not. */
export const half: Serving = {
  state: 'starting',
  progress: { done: 144_000_000, total: 288_000_000, unit: 'bytes', from: 0, since: Date.now() - 4_000 },
}
export const served: Serving = {
  state: 'serving',
  at: {
    registry: '10.0.0.5:5000',
    ca: '/var/lib/sealift/serve/ca.crt',
    pid: 4711,
    log: '/var/lib/sealift/serve/serve.log',
    already: false,
  },
}
export const notServed: Serving = {
  state: 'failed',
  failure: {
    code: 'USAGE_LISTEN',
    message: 'cannot listen on 10.0.0.5:5000',
    why: 'listen EADDRINUSE: address already in use 10.0.0.5:5000',
    fix: "see who does: ss -ltnp 'sport = :5000'",
  },
}

/** What looks find at a site. */
export const site: Partial<Record<Look, Looked>> = {
  bundle: {
    state: 'good',
    facts: [
      { label: 'Release', text: 'cde 0.1.0, 288 MB' },
      { label: 'Signed by', text: 'dE4YaGn1OYXBE8xp2LnAdTMvbf09Xo4TQkSSvEM8oTo=' },
      { label: 'Images', text: '6' },
    ],
  },
  license: {
    state: 'good',
    facts: [
      { label: 'Customer', text: 'Example Bank' },
      { label: 'Until', text: '2027-11-29' },
      { label: 'Air-gapped mode', text: 'included' },
    ],
  },
  cluster: {
    state: 'good',
    facts: [
      { label: 'Kubernetes', text: 'v1.34.4 at https://10.99.0.2:6443' },
      { label: 'Machines', text: '3, all ready' },
    ],
    choices: { '/context': ['harbour', 'pier'], '/storageClass': ['fast', 'slow'] },
  },
  registry: {
    state: 'bad',
    facts: [],
    failure: {
      code: 'REGISTRY_UNREACHABLE',
      message: 'nothing answers at 10.0.0.5:5000',
      why: 'connection refused',
      fix: 'sealift serve cde-0.1.0.bundle --listen 10.0.0.5:5000',
    },
  },
  names: {
    state: 'bad',
    facts: [
      { label: 'cde.site.example', text: 'leads to 10.0.0.9' },
      { label: '*.dev.site.example', text: 'there is no such name', bad: true },
    ],
  },
}

const check = (id: string, change: Partial<CheckResult> = {}): CheckResult => ({
  id,
  title: `The ${id} is as it should be`,
  protects: 'rollout',
  why: 'Without it programs do not start.',
  level: 'error',
  strict: false,
  state: 'passed',
  found: 'it is',
  ms: 12,
  ...change,
})

export const checks: CheckResult[] = [
  check('api'),
  check('permissions'),
  check('clock', {
    title: 'The clocks of the machines agree',
    level: 'warning',
    state: 'failed',
    found: 'node worker-2 is 4.1 s behind this machine',
    needed: 'less than 1 s',
    why: 'Logins and certificates are good for a time. Where clocks differ, they are refused though they are good.',
    fix: 'ssh worker-2 sudo chronyc makestep',
    code: 'CLUSTER_NOT_READY',
  }),
  check('storage', {
    title: 'The default storage class gives a volume',
    state: 'failed',
    found: 'the class slow gave no volume in 60 s',
    needed: 'a volume that can be written',
    why: 'The database and every home directory lie on volumes.',
    fix: 'kubectl patch storageclass fast -p \'{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}\'',
    code: 'CLUSTER_NOT_READY',
  }),
  check('network-policy', {
    title: 'The network keeps to network policies',
    state: 'failed',
    strict: true,
    found: 'a pod reaches another one although a policy forbids it',
    needed: 'a network that keeps to NetworkPolicy',
    why: 'Workspaces of different people would reach each other.',
    fix: 'install a network plugin that enforces policies, such as Calico or Cilium',
    code: 'CLUSTER_NETWORK_POLICY',
  }),
  check('inotify', { state: 'skipped', found: 'no probe could be started' }),
]

const titles = [
  ['license', 'Check the license'],
  ['verify', 'Verify the bundle'],
  ['preflight', 'Check the cluster'],
  ['registry', 'Put the images into the registry'],
  ['namespace', 'Make the namespace'],
  ['deploy', 'Install the chart'],
  ['rollout', 'Wait until everything runs'],
] as const

/** An installation on its way: two stages are over, one is in place, the fourth moves. */
export const onTheWay = (now: number): SessionEvent[] => [
  { type: 'phase', phase: 'installing' },
  { type: 'stages', stages: titles.map(([id, title]) => ({ id, title })) },
  { type: 'stage-start', stage: 'license', title: 'Check the license', number: 1, of: 7, at: now - 31_000 },
  { type: 'log', stage: 'license', level: 'info', message: 'licensed to Example Bank until 2027-11-29' },
  { type: 'stage-done', stage: 'license', ms: 12 },
  { type: 'stage-skipped', stage: 'verify', title: 'Verify the bundle', why: 'it was verified at the start' },
  { type: 'stage-start', stage: 'preflight', title: 'Check the cluster', number: 3, of: 7, at: now - 30_000 },
  { type: 'log', stage: 'preflight', level: 'warn', message: 'the clock of node worker-2 is 0.7 s behind' },
  { type: 'stage-done', stage: 'preflight', ms: 9_300 },
  {
    type: 'stage-start',
    stage: 'registry',
    title: 'Put the images into the registry',
    number: 4,
    of: 7,
    at: now - 20_000,
  },
  { type: 'progress', stage: 'registry', done: 20_000_000, total: 288_000_000, unit: 'bytes' },
]

/** What happens when it has come to its end. */
export const atTheEnd: readonly SessionEvent[] = [
  {
    type: 'result',
    result: {
      url: 'https://cde.site.example/',
      namespace: 'cde',
      version: '0.1.0',
      kubectl: 'kubectl --namespace cde',
    },
  },
  { type: 'phase', phase: 'done' },
]
