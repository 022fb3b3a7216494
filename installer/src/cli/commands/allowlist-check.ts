import type { From } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { podPlaces } from '../../allowlist/check/pod-places.ts'
import { inPlaces } from '../allowlist/in-places.ts'
import { listOf } from '../allowlist/list.ts'
import { source, sourceHelp } from '../allowlist/source.ts'
import { defineCommand } from '../command.ts'
import { readCa, readText } from '../files.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'

export const allowlistCheck = defineCommand({
  command: 'check <source>',
  describe: 'try each entry of an allowlist, and say of each that fails at what it fails',
  builder: (yargs) =>
    yargs
      .positional('source', { type: 'string', demandOption: true, describe: sourceHelp })
      .options({
        ...source,
        answers: {
          type: 'string',
          requiresArg: true,
          describe: 'answers file of a site: the list is its own, and its proxy counts where --proxy names none',
        },
        proxy: {
          type: 'string',
          requiresArg: true,
          describe: 'URL of the forward proxy (default: that of the answers, else HTTPS_PROXY, HTTP_PROXY, NO_PROXY)',
        },
        'proxy-login-file': {
          type: 'string',
          requiresArg: true,
          describe: 'file with the login to the proxy: one line user:password',
        },
        ca: {
          type: 'string',
          requiresArg: true,
          describe: 'CA (PEM) that is trusted too, such as that of a proxy that opens TLS',
        },
        from: {
          type: 'string',
          requiresArg: true,
          default: 'bastion',
          describe: `from where, with commas between: bastion (this machine), ${podPlaces.join(', ')}; all but the first with --answers`,
        },
        json,
      })
      .example(
        '$0 allowlist check list.json --answers answers.yaml --from bastion,nodes,pods,workspaces',
        'from everywhere that counts; what it makes in the cluster it removes',
      )
      .example(
        '$0 allowlist check allowlist.json --proxy http://proxy.site.example:3128',
        'exit code 0: all required ones are reached',
      )
      .epilogue(
        'Sends nothing but a GET without a login to http and https, and connects to the rest. A set of names (*.example.com) is skipped: there is none that could be tried.',
      ),
  handler: async (args) => {
    const from = readPlaces(args.from, args.answers)
    const { checkEndpoints, missing } = await import('../../allowlist/check/check.ts')
    const { fromHere } = await import('../../allowlist/check/from-here.ts')
    const { checkLines } = await import('../../allowlist/check/text.ts')
    const { trustedBy } = await import('../../allowlist/check/trusted.ts')
    const { proxyGiven } = await import('../../allowlist/check/proxy-given.ts')
    const list = await listOf(args.source, args)
    const { readAnswers } = await import('../../answers/read.ts')
    const answers = args.answers === undefined ? undefined : readAnswers(args.answers)
    const login = args.proxyLoginFile === undefined ? undefined : await readText(args.proxyLoginFile, 'login file')
    const proxy = proxyGiven({ url: args.proxy, login, answers, environment: process.env })
    const named = args.ca === undefined ? undefined : await readCa(args.ca)
    const ca = [named ?? [], answers ? trustedBy(answers) : []].flat().join('\n') || undefined
    const progress = progressOn(process.stderr, args.json)
    try {
      progress.step('Trying')
      let done = 0
      const means = { limit: 10_000, ca }
      const bastion = fromHere({ ...means, proxyAuthorization: proxy.authorization }, interruption())
      const results = await inPlaces(from, answers, { ...means, proxy }, async (places) =>
        checkEndpoints(list, {
          places: { ...(from.includes('bastion') ? { bastion } : {}), ...places },
          proxy,
          onResult: () => progress.update(++done, list.endpoints.length * from.length, 'items'),
        }),
      )
      progress.end()
      const lost = missing(results)
      if (args.json) console.log(jsonLine({ good: lost.length === 0, results }))
      else for (const line of checkLines(results)) console.log(safe(line))
      if (lost.length === 0) return
      const ids = [...new Set(lost.map(({ id }) => id))]
      const error = new SealiftError(
        'CLUSTER_ALLOWLIST',
        `${ids.length} required ${ids.length === 1 ? 'entry is' : 'entries are'} not reached: ${ids.slice(0, 8).join(', ')}${ids.length > 8 ? ' …' : ''}`,
        { fix: 'do what is said of each, then run it again' },
      )
      if (!args.json) throw error
      process.exitCode = error.exitCode
    } finally {
      progress.end()
    }
  },
})

function readPlaces(text: string, answers: string | undefined): readonly From[] {
  const places = [...new Set(text.split(',').map((place) => place.trim()))]
  const known: readonly string[] = ['bastion', ...podPlaces]
  const strange = places.find((place) => !known.includes(place))
  if (strange !== undefined)
    throw new SealiftError('USAGE_ARGUMENTS', `--from: there is no place ${JSON.stringify(strange)}`, {
      why: `the places are ${known.join(', ')}; nothing can be tried from browsers and desktops`,
      fix: `--from ${known.join(',')}`,
    })
  if (answers === undefined && places.some((place) => place !== 'bastion'))
    throw new SealiftError('USAGE_ARGUMENTS', 'it is not said which cluster is meant', {
      why: 'nodes, pods and workspaces are tried from with an image of the release, in the cluster of the answers',
      fix: 'add --answers answers.yaml, or --from bastion',
    })
  return places as From[]
}
