import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { readSecret } from '../../cluster/apply.ts'
import { secretNames } from '../chart-values.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'
import { type Answer, httpsGet } from '../https-get.ts'
import { ingressAddress } from '../ingress-address.ts'

type Check = { service: string; host: string; path: string; expected: number }

/** Each route says that one service answers through the ingress; none needs a login. */
export function smokeChecks({ host, devUrlsHost, editorsHost }: CompleteAnswers): Check[] {
  const nobodys = '0000000000'
  const checks = [
    { service: 'dashboard', host, path: '/', expected: 200 },
    { service: 'manager', host, path: '/api/v0/me', expected: 401 },
    { service: 'envproxy', host, path: `/proxy/workspaces/${nobodys}/shell`, expected: 426 },
  ]
  // who comes to an editor is sent to log in, whether it is there or not
  if (devUrlsHost !== undefined)
    checks.push({ service: 'envproxy', host: `ide-${nobodys}.${devUrlsHost}`, path: '/', expected: 302 })
  else if (editorsHost !== undefined)
    checks.push({ service: 'envproxy', host: editorsHost, path: `/${nobodys}/`, expected: 302 })
  return checks
}

export const smokeStage: Stage<InstallContext> = {
  id: 'smoke',
  title: 'Reach the platform as a browser does',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { answers, signal } = context
    const ca = (await readSecret(context.cluster(), answers.namespace, secretNames.tls))?.['ca.crt']
    const deadline = Date.now() + 90_000
    const checks = smokeChecks(answers)
    let done = 0
    for (const check of checks) {
      for (;;) {
        // a load balancer may give its address late, or change it
        const to = await ingressAddress(context.cluster(), answers)
        const answer: Answer | Error = to
          ? await httpsGet({ ...to, name: check.host, path: check.path, ca, signal }).catch((error: Error) => error)
          : new Error('the ingress has no address yet')
        signal.throwIfAborted()
        if (!(answer instanceof Error) && answer.status === check.expected) break
        if (Date.now() > deadline) throw failure(check, to?.address, answer, answers.namespace)
        await setTimeout(1000, undefined, { signal })
      }
      report.progress(++done, checks.length, 'items')
      report.info(`${check.service} answers at https://${check.host}${check.path}`)
    }
  },
}

function failure(check: Check, address: string | undefined, answer: Answer | Error, namespace: string): SealiftError {
  const { service, host, path, expected } = check
  const got = answer instanceof Error ? answer.message : `status ${answer.status}`
  return new SealiftError('CLUSTER_SMOKE', `the ${service} does not answer at https://${host}${path}`, {
    why: `${address ?? 'no address'}: expected status ${expected}, got ${got}`,
    fix: /ENOTFOUND|EAI_AGAIN/.test(got)
      ? `let DNS on this machine name the ingress of the cluster for ${host}`
      : `see the ingress: kubectl --namespace ${namespace} get services,ingresses,pods`,
  })
}
