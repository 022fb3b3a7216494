import { checkInStage } from '../../checks/in-stage.ts'
import { trialChecks } from '../../checks/list.ts'
import type { InstallContext } from '../context.ts'
import { isDeployed } from '../deployed.ts'
import type { Stage } from '../engine.ts'

export const trialStage: Stage<InstallContext> = {
  id: 'trial',
  title: 'Try in pods what the platform will need',
  inPlace: 'the platform runs from this registry',
  needed: async (context) => !(await isDeployed(context)),
  run: (context, report) => checkInStage(trialChecks, context, report),
}
