import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readSecret } from '../../cluster/apply.ts'
import { untilLeft } from '../../cluster/leaving-pods.ts'
import { secretNames } from '../chart-values.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'
import type { Reporter } from '../events.ts'
import { ingressAddress } from '../ingress-address.ts'
import { answerOf, type SmokeCheck, smokeChecks } from '../smoke-check.ts'
import { wayBefore } from '../websocket.ts'

type Context = Pick<InstallContext, 'answers' | 'cluster' | 'signal' | 'timeout'>

/** milliseconds that the ingress may take to lead to what runs, where the platform may take longer to be ready */
const patience = 90_000

export const smokeStage: Stage<Context> = {
  id: 'smoke',
  title: 'Reach the platform as a browser does',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { answers, signal } = context
    const ca = (await readSecret(context.cluster(), answers.namespace, secretNames.tls))?.['ca.crt']
    // else it may be the release of before that answers
    await untilLeft(context.cluster(), answers.namespace)
    const deadline = Date.now() + Math.min(patience, context.timeout)
    const checks = smokeChecks(answers)
    let done = 0
    for (const check of checks) {
      for (;;) {
        // a load balancer may give its address late, or change it
        const to = await ingressAddress(context.cluster(), answers)
        const { isRight, ...instead } = to
          ? await answerOf(check, to, ca, signal)
          : { isRight: false, got: 'the ingress has no address yet' }
        if (isRight) break
        if (Date.now() > deadline) throw failure(check, to?.address, instead, answers.namespace)
        await setTimeout(1000, undefined, { signal })
      }
      report.progress(++done, checks.length, 'items')
      report.info(`${check.service} answers at https://${check.host}${check.path}`)
    }
    await lookBefore(context, report)
  },
}

/** What DNS leads the host to may be something that stands before the ingress. It is not of this cluster: it fails no installation. */
async function lookBefore({ answers, cluster, signal }: Context, report: Reporter): Promise<void> {
  const { host } = answers
  const at = await ingressAddress(cluster(), answers)
  const before = at && (await wayBefore(host, at, { ca: 'any', signal }))
  if (!before) return
  const { address, way } = before
  if (way.state === 'through') report.info(`WebSockets come through ${address}, where DNS leads ${host}`)
  else if (way.state === 'elsewhere')
    report.warn(`DNS leads ${host} to ${address}, which does not lead to the platform: ${way.got}`)
  else report.warn(`${address}, where DNS leads ${host}, stops WebSockets (${way.got}): no terminal opens, no editor`)
}

function failure(
  { service, host, path }: SmokeCheck,
  address: string | undefined,
  { got, fix }: { got: string; fix?: string },
  namespace: string,
): SealiftError {
  return new SealiftError('CLUSTER_SMOKE', `the ${service} does not answer at https://${host}${path}`, {
    why: `${address ?? 'no address'}: ${got}`,
    fix:
      fix ??
      (/ENOTFOUND|EAI_AGAIN/.test(got)
        ? `let DNS on this machine name the ingress of the cluster for ${host}`
        : `see the ingress: kubectl --namespace ${namespace} get services,ingresses,pods`),
  })
}
