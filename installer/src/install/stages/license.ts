import { checkInStage } from '../../checks/in-stage.ts'
import { license } from '../../checks/license.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const licenseStage: Stage<InstallContext> = {
  id: 'license',
  title: 'Check the license',
  inPlace: '',
  needed: async () => true,
  run: (context, report) => checkInStage([license], context, report),
}
