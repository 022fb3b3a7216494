import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { canonicalHost } from '@sealift/bundle-spec/host-pattern.ts'
import { listOf } from '../allowlist/list.ts'
import { source, sourceHelp } from '../allowlist/source.ts'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'

export const allowlistExplain = defineCommand({
  command: 'explain <host> <source>',
  describe: 'say why a host has to be reached, and what is lost without it',
  builder: (yargs) =>
    yargs
      .positional('host', {
        type: 'string',
        demandOption: true,
        describe: 'host name or address, as a firewall logs it',
      })
      .positional('source', { type: 'string', demandOption: true, describe: sourceHelp })
      .options({
        ...source,
        answers: { type: 'string', requiresArg: true, describe: 'answers file of a site, for its own list' },
        json,
      })
      .example('$0 allowlist explain auth.docker.io list.json', 'for the people of the firewall'),
  handler: async ({ host: word, source, json, ...args }) => {
    const { entriesFor } = await import('../../allowlist/openings.ts')
    const host = canonicalHost(word)
    if (host === undefined)
      throw new SealiftError('USAGE_ARGUMENTS', `${JSON.stringify(word)} is no host`, {
        why: 'it is a name or an address, without a scheme, a port or a path',
        fix: 'sealift allowlist explain registry.vendor.example LIST',
      })
    const list = await listOf(source, args)
    const entries = entriesFor(list.endpoints, host)
    if (entries.length === 0)
      throw new SealiftError('USAGE_UNLISTED', `nothing in the list needs ${host}`, {
        why: `${list.release.name} ${list.release.version} was looked through: ${list.endpoints.length} entries, version ${list.version}`,
        fix: 'it need not be open for this release; see all that does: sealift allowlist generate',
      })
    if (json) console.log(jsonLine(entries))
    else for (const line of entries.flatMap(explanation)) console.log(safe(line))
  },
})

function explanation(endpoint: Endpoint): string[] {
  const { id, from, phases, modes, required, why, without, since, because, known, documented, at } = endpoint
  const seen = known.on === undefined ? '' : ` on ${known.on}`
  const after = known.after === undefined ? '' : `, led there by ${known.after}`
  return [
    `${showAddress(endpoint)}  (${id})`,
    `  why       ${why}`,
    `  without   ${without}`,
    `  who       ${from.join(', ')}, to ${phases.join(', ')}, in the modes ${modes.join(', ')}`,
    `  needed    ${required ? 'always' : 'only by those who want it'}, since ${since}${at === 'site' ? '; it is of the site itself' : ''}`,
    `  because   ${because.kind} ${because.name}`,
    `  known     ${known.how}${seen}${after}${documented === undefined ? '' : `, documented at ${documented}`}`,
  ]
}
