import type { Reporter } from '../../install/events.ts'
import { scaleDown } from '../scale-down.ts'
import type { BackContext } from './context.ts'

const labels = { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/component': 'manager' }

/** Stops the managers and waits until none runs; Helm starts them again. Workspaces and open sessions go on without them. */
export async function stopManagers(
  { cluster, answers: { namespace }, timeout }: BackContext,
  report: Reporter,
): Promise<void> {
  report.info('the managers stop; workspaces and open terminals go on')
  await scaleDown(cluster(), { kind: 'Deployment', namespace, name: 'cde-manager', labels, timeout })
}
