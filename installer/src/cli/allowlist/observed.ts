import type { ReleaseFacts, SiteFacts } from '../../allowlist/generate.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { parseImageName } from '../../coverage/reference.ts'
import { safe } from '../format.ts'
import type { RegistryArguments } from '../options.ts'
import { progressOn } from '../progress.ts'
import { hostOf } from '../registry.ts'
import { interruption } from '../signals.ts'

/** The day, as RFC 3339 writes it. */
export const today = (): string => new Date().toISOString().slice(0, 10)

/**
 * A release with the hosts that its pulls lead to from here, in place of those that were observed before. Hosts that nobody
 * should be led to are told on stderr.
 * @throws SealiftError REGISTRY_*, USAGE_*
 */
export async function observed(
  facts: ReleaseFacts,
  site: SiteFacts | undefined,
  args: RegistryArguments & { answers?: CompleteAnswers | undefined },
): Promise<ReleaseFacts> {
  const { observePulls } = await import('../../allowlist/observe/observe-pulls.ts')
  const { toEndpoints } = await import('../../allowlist/observe/endpoints.ts')
  const { generateAllowlist } = await import('../../allowlist/generate.ts')
  const { siteRegistryOptions } = await import('../../install/registry-access.ts')
  const { registryOptions } = await import('../registry.ts')
  const references = (site ?? facts).pulled.filter(({ kind }) => kind === 'image').map(({ reference }) => reference)
  const hosts = references.flatMap((reference) => hostOf(parseImageName(reference)?.repository ?? ''))
  const registry = args.answers ? siteRegistryOptions(args.answers) : await registryOptions(args, [...new Set(hosts)])
  const progress = progressOn(process.stderr, false)
  try {
    progress.step('Looking where pulls lead')
    const { sightings, refused } = await observePulls(references, {
      registry,
      signal: interruption(),
      onProgress: (done, of) => progress.update(done, of, 'items'),
    })
    progress.end()
    for (const { host, why } of refused) console.error(safe(`not followed: ${host}: ${why}`))
    const endpoints = facts.sealed.endpoints.filter(({ known }) => known.how !== 'observed')
    const plain = { ...facts, sealed: { ...facts.sealed, endpoints } }
    const known = generateAllowlist(plain, site).list.endpoints
    const found = toEndpoints(sightings, { on: today(), since: facts.version, known, atSite: site !== undefined })
    const since = new Map(facts.sealed.endpoints.map((one) => [one.id, one.since]))
    const kept = found.map((one) => ({ ...one, since: since.get(one.id) ?? one.since }))
    return { ...facts, sealed: { ...facts.sealed, endpoints: [...endpoints, ...kept] } }
  } finally {
    progress.end()
  }
}
