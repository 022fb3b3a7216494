import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Lab } from './lab.ts'

/** A port of the node that the check's Service asks for. */
const checkPort = 18080
/** a well-known address and two that stand for the rest (RFC 5737); this machine's own gateway may be one of them */
const outside = ['1.1.1.1:443', '192.0.2.1:80', '203.0.113.1:443']

type Step = [what: string, work: () => Promise<void>]

/**
 * Proves what a lab promises, with pods of its own in a namespace that it removes again: name service, Services, a
 * load balancer, storage for a non-root user, nothing reachable outside. The first broken promise is the error.
 */
export async function checkSite(lab: Lab, log: (line: string) => void): Promise<void> {
  const namespace = `lab-check-${randomBytes(3).toString('hex')}`
  const k = (...args: string[]) => lab.kubectl([`--namespace=${namespace}`, ...args], { timeout: 90_000 })
  const probe = (...args: string[]) => k('exec', 'deployment/web', '--', '/probe', ...args)
  const manifest = await readFile(join(import.meta.dirname, 'kubernetes', 'check.yaml'), 'utf8')
  await lab.kubectl(['create', 'namespace', namespace])
  try {
    const steps: Step[] = [
      [
        'pods run as user 10001',
        async () => {
          await k('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted')
          await lab.kubectl([`--namespace=${namespace}`, 'apply', '--filename=-'], { input: manifest })
          await k('rollout', 'status', 'deployment/web', '--timeout=60s')
        },
      ],
      [
        'a claim is bound and user 10001 can write to it',
        async () => {
          expect(await probe('write', '/data/file'), '10001\n')
          expect(await probe('read', '/data/file'), 'written\n')
        },
      ],
      [
        'names of Services resolve',
        async () => {
          await probe('resolve', `web.${namespace}.svc.cluster.local`)
        },
      ],
      [
        'pods reach Services, also their own',
        async () => {
          for (let i = 0; i < 8; i++) await probe('fetch', `http://web:${checkPort}/`)
        },
      ],
      [
        'the bastion reaches the load balancer',
        async () => {
          await k('wait', 'service/web', '--for=jsonpath={.status.loadBalancer.ingress[0].ip}', '--timeout=20s')
          await fetchSoon(`http://${lab.nodeAddress}:${checkPort}/`)
        },
      ],
      [
        'pods reach nothing outside',
        async () => {
          for (const address of outside) await refused(() => probe('connect', address), address)
          await refused(() => probe('resolve', 'example.com'), 'the name example.com')
        },
      ],
      [
        'a deleted claim takes its data along',
        async () => {
          const volume = await k('get', 'persistentvolumeclaim/data', '-o=jsonpath={.spec.volumeName}')
          await k('delete', 'deployment/web', 'persistentvolumeclaim/data', '--timeout=60s')
          await k('wait', `persistentvolume/${volume}`, '--for=delete', '--timeout=30s')
        },
      ],
    ]
    for (const [what, work] of steps) {
      const start = performance.now()
      await work()
      log(`${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
    }
  } finally {
    await lab.kubectl(['delete', 'namespace', namespace, '--timeout=60s'], { timeout: 90_000 })
  }
}

function expect(actual: string, wanted: string): void {
  if (actual !== wanted) throw broken(`wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(actual)}`)
}

const broken = (why: string) => new SealiftError('CLUSTER_LAB_PROMISE', 'the lab does not keep a promise', { why })

async function refused(work: () => Promise<string>, what: string): Promise<void> {
  const reached = await work().then(
    () => true,
    () => false,
  )
  if (reached) throw broken(`a pod reached ${what}`)
}

/** kube-proxy follows the status within a second or so. */
async function fetchSoon(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch((error: Error) => error)
    if (answer instanceof Response && answer.ok) return
    if (attempt === 20) throw broken(`${url}: ${answer instanceof Error ? answer.message : answer.status}`)
    await sleep(250)
  }
}
