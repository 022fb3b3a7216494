import { type Allowlist, From, Phase } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { observed, today } from '../allowlist/observed.ts'
import { listSource, source, sourceHelp } from '../allowlist/source.ts'
import { defineCommand } from '../command.ts'
import { safe } from '../format.ts'
import { interruption } from '../signals.ts'
import { site, type siteOf } from '../site-options.ts'

const { kubeconfig, context, namespace } = site

export const allowlistGenerate = defineCommand({
  command: 'generate [source]',
  describe: 'list every address that installing and using a release needs, and why',
  builder: (yargs) =>
    yargs
      .positional('source', { type: 'string', describe: sourceHelp })
      .options({
        ...source,
        answers: { type: 'string', requiresArg: true, describe: 'answers file of a site: the list is its own then' },
        live: {
          type: 'boolean',
          default: false,
          describe:
            'the answers are those that the site in the cluster has kept; without a source its own list is shown',
        },
        ...{ kubeconfig, context, namespace },
        since: {
          type: 'string',
          requiresArg: true,
          describe: 'list (JSON) that this one follows: its version counts on, and says what changed',
        },
        observe: {
          type: 'boolean',
          default: false,
          describe: 'do the pulls from here, and add the hosts that they really lead to: tokens, redirects, CDNs',
        },
        resolve: {
          type: 'boolean',
          default: false,
          describe: 'add the addresses of each host, with the time and how long they hold',
        },
        dns: {
          type: 'string',
          array: true,
          requiresArg: true,
          describe: 'name server for that: ADDRESS[:PORT] (repeatable; default: those of this machine)',
        },
        format: {
          type: 'string',
          default: 'table',
          requiresArg: true,
          describe:
            'how it is written (docs/allowlist-formats.md): table, markdown, json, csv, squid, nginx, nftables, …',
        },
        from: {
          choices: From.enum,
          array: true,
          requiresArg: true,
          describe: 'only what these connect to (repeatable)',
        },
        phase: {
          choices: Phase.enum,
          array: true,
          requiresArg: true,
          describe: 'only what these phases need (repeatable)',
        },
        all: {
          type: 'boolean',
          default: false,
          describe:
            'also what is of the site itself, which no firewall to the internet has to know (json has it always)',
        },
        proxy: { type: 'string', requiresArg: true, describe: 'HOST:PORT of the proxy, for the format pac' },
        out: { type: 'string', requiresArg: true, describe: 'file to write to (default: the terminal)' },
      })
      .example('$0 allowlist generate cde-0.2.0.bundle --trust vendor.pub', 'what the release needs anywhere')
      .example(
        '$0 allowlist generate --answers answers.yaml --format markdown --out request.md',
        'what this site has to open',
      )
      .example('$0 allowlist generate list.json --format squid --out allowlist.conf', 'the same list, for a proxy')
      .epilogue('docs/allowlist.md explains the list; sealift allowlist explain HOST one entry of it.'),
  handler: async (args) => {
    const { formats } = await import('../../allowlist/formats/formats.ts')
    const { checkTarget } = await import('../../stores/target.ts')
    const { listed } = await import('../../checks/listed.ts')
    const format = formats.find(({ id }) => id === args.format)
    if (!format)
      throw new SealiftError('USAGE_ARGUMENTS', `there is no format ${args.format}`, {
        fix: `take one of ${formats.map(({ id }) => id).join(', ')}`,
      })
    if (args.out !== undefined) checkTarget(args.out)
    const list = await resolved(chosen(await wanted(args), args.all || format.id === 'json', args), args)
    const { text, omitted } = format.write(list, args.proxy === undefined ? {} : { proxy: args.proxy })
    for (const [why, some] of Map.groupBy(omitted, ({ why }) => why))
      console.error(safe(`left out: ${listed(some.map(({ id }) => id))}: ${why}`))
    if (args.out === undefined) process.stdout.write(text)
    else {
      const { writeNamed } = await import('../../stores/write-named.ts')
      writeNamed(args.out, text)
      console.error(`${safe(args.out)}: ${list.endpoints.length} entries of version ${list.version}`)
    }
  },
})

type Args = Parameters<typeof listSource>[1] &
  Parameters<typeof siteOf>[0] & {
    source?: string | undefined
    live: boolean
    observe: boolean
    since?: string | undefined
  }

/** The list that the flags ask for; says on stderr which values name no host. */
async function wanted(args: Args): Promise<Allowlist> {
  const { answersOf, ownSource } = await import('../allowlist/answers.ts')
  const { readAllowlistFile } = await import('../../allowlist/read.ts')
  const before = args.since === undefined ? undefined : await readAllowlistFile(args.since)
  const site = await answersOf(args, interruption())
  if (args.source === undefined && site?.kept) return asItIs(site.kept, args)
  const found =
    args.source === undefined
      ? await ownSource(site?.answers, interruption())
      : await listSource(args.source, args, before)
  if ('list' in found) return asItIs(found.list, args)
  const { generateAllowlist } = await import('../../allowlist/generate.ts')
  const { siteFacts } = await import('../../allowlist/site-facts.ts')
  const { facts, release } = found
  const ofSite = site && siteFacts(site.answers, release, facts.defaults)
  const seen = args.observe ? await observed(facts, ofSite, { ...args, answers: site?.answers }) : facts
  const { list, refused } = generateAllowlist(seen, ofSite)
  for (const { id, value, why } of refused) console.error(safe(`not in the list: ${id}: ${value}: ${why}`))
  if (!before) return list
  const { following } = await import('../../allowlist/diff.ts')
  return following(list, before, today())
}

/** A list that is there already. @throws SealiftError USAGE_ARGUMENTS where it is to be what only a list of a release can be */
function asItIs(list: Allowlist, { observe, since }: Pick<Args, 'observe' | 'since'>): Allowlist {
  if (!observe && since === undefined) return list
  throw new SealiftError(
    'USAGE_ARGUMENTS',
    'a list that is made already is neither observed nor does it follow another',
    {
      why: '--observe and --since go with a release, of which a new list is made',
      fix: 'name release.yaml, a bundle or oci://HOST/REPOSITORY:VERSION; two lists are compared by sealift allowlist diff',
    },
  )
}

/** The list with addresses, where they are asked for; says on stderr what is to be known of them. */
async function resolved(list: Allowlist, args: { resolve: boolean; dns?: string[] | undefined }): Promise<Allowlist> {
  if (!args.resolve) return list
  const { resolveEndpoints } = await import('../../allowlist/resolve/resolve-endpoints.ts')
  const found = await resolveEndpoints(list, {
    ...(args.dns === undefined ? {} : { servers: args.dns }),
    now: new Date(),
    signal: interruption(),
  })
  for (const warning of found.warnings) console.error(safe(warning))
  return found.list
}

/** The part of a list that is asked for. */
function chosen(
  list: Allowlist,
  all: boolean,
  { from, phase }: { from?: From[] | undefined; phase?: Phase[] | undefined },
): Allowlist {
  const endpoints = list.endpoints
    .filter(({ at }) => all || at === 'outside')
    .filter((endpoint) => phase === undefined || endpoint.phases.some((one) => phase.includes(one)))
    .map((endpoint) => ({ ...endpoint, from: endpoint.from.filter((one) => from === undefined || from.includes(one)) }))
    .filter((endpoint) => endpoint.from.length > 0)
  return { ...list, endpoints }
}
