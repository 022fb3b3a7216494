import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readSecret } from '../../cluster/apply.ts'
import { secretNames } from '../chart-values.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'
import { type Answer, httpsGet } from '../https-get.ts'
import { ingressAddress } from '../ingress-address.ts'

/** Each route says that one service answers through the ingress; none needs a login. */
const checks: { service: string; path: string; good: (status: number) => boolean; expected: string }[] = [
  { service: 'dashboard', path: '/', good: (status) => status === 200, expected: '200' },
  { service: 'manager', path: '/api/v0/me', good: (status) => status === 401, expected: '401' },
  {
    service: 'envproxy',
    path: '/proxy/workspaces/0000000000/shell',
    good: (status) => status >= 400 && status < 500 && status !== 404,
    expected: 'a refusal',
  },
]

export const smokeStage: Stage<InstallContext> = {
  id: 'smoke',
  title: 'Reach the platform as a browser does',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { answers, signal } = context
    const ca = (await readSecret(context.cluster(), answers.namespace, secretNames.tls))?.['ca.crt']
    const deadline = Date.now() + 90_000
    let done = 0
    for (const check of checks) {
      for (;;) {
        // a load balancer may give its address late, or change it
        const to = await ingressAddress(context.cluster(), answers)
        const answer: Answer | Error = to
          ? await httpsGet({ ...to, name: answers.host, path: check.path, ca, signal }).catch((error: Error) => error)
          : new Error('the ingress has no address yet')
        signal.throwIfAborted()
        if (!(answer instanceof Error) && check.good(answer.status)) break
        if (Date.now() > deadline) throw failure(check, to?.address, answer, answers.host, answers.namespace)
        await setTimeout(1000, undefined, { signal })
      }
      report.progress(++done, checks.length, 'items')
      report.info(`${check.service} answers at https://${answers.host}${check.path}`)
    }
  },
}

function failure(
  check: (typeof checks)[number],
  address: string | undefined,
  answer: Answer | Error,
  host: string,
  namespace: string,
): SealiftError {
  const got = answer instanceof Error ? answer.message : `status ${answer.status}`
  return new SealiftError('CLUSTER_SMOKE', `the ${check.service} does not answer at https://${host}${check.path}`, {
    why: `${address ?? 'no address'}: expected ${check.expected}, got ${got}`,
    fix: /ENOTFOUND|EAI_AGAIN/.test(got)
      ? `let DNS on this machine name the ingress of the cluster for ${host}`
      : `see the ingress: kubectl --namespace ${namespace} get services,ingresses,pods`,
  })
}
