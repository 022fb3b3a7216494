import { readRegistryPassword } from '../install/registry-access.ts'
import type { Check } from './check.ts'

export const registryLogin: Check = {
  id: 'registry-login',
  title: "The password of the registry's user can be read",
  protects: 'secrets',
  why: 'The nodes would get no login for the registry, and could not pull the images.',
  level: 'error',
  strict: true,
  async run({ answers }) {
    if (readRegistryPassword(answers) === undefined)
      return { state: 'skipped', found: 'the answers name no user of the registry' }
    return { state: 'passed', found: `user ${answers.registry.username}` }
  },
}
