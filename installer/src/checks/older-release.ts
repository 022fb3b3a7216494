import { SealiftError } from '@sealift/bundle-spec/error.ts'
import semver from 'semver'
import { installedVersion } from '../install/installed-version.ts'
import type { Check } from './check.ts'

export const olderRelease: Check = {
  id: 'older-release',
  title: 'No newer release is installed',
  protects: 'deploy',
  why: 'A newer database does not go back by itself: people would lose their work.',
  level: 'error',
  strict: true,
  after: ['namespace'],
  async run({ cluster, answers, bundle }) {
    const { name, version } = bundle.release
    const installed = await installedVersion(cluster(), answers.namespace)
    if (installed === undefined) return { state: 'passed', found: `nothing is installed in ${answers.namespace}` }
    if (semver.gt(installed, version))
      throw new SealiftError('BUNDLE_OLDER', `${name} ${installed} is installed in ${answers.namespace}`, {
        why: `this is the older ${version}`,
        fix: 'install that version or a later one',
      })
    return { state: 'passed', found: `${name} ${installed} is installed, this is ${version}` }
  },
}
