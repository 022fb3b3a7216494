import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { chartValuesIn } from '../install/chart-files.ts'
import type { InstallContext } from '../install/context.ts'
import { generateAllowlist } from './generate.ts'
import { releaseFacts } from './release-facts.ts'
import { siteFacts } from './site-facts.ts'

/** The allowlist of a site with a release, of which the installation has the answers and the chart. */
export async function siteAllowlist({
  answers,
  bundle: { release },
  chart,
}: Pick<InstallContext, 'answers' | 'bundle' | 'chart'>): Promise<Allowlist> {
  const defaults = (await chartValuesIn(await chart())).values
  return generateAllowlist(releaseFacts(release, defaults), siteFacts(answers, release, defaults)).list
}
