import { checkInStage } from '../../checks/in-stage.ts'
import { preflightChecks } from '../../checks/list.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const preflightStage: Stage<InstallContext> = {
  id: 'preflight',
  title: 'Check the cluster',
  inPlace: '',
  needed: async () => true,
  run: (context, report) => checkInStage(preflightChecks, context, report),
}
