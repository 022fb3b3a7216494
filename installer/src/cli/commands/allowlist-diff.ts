import { showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import type { ListDifference } from '../../allowlist/diff.ts'
import { listOf } from '../allowlist/list.ts'
import { source, sourceHelp } from '../allowlist/source.ts'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'

export const allowlistDiff = defineCommand({
  command: 'diff <from> <to>',
  describe: 'say what to open and what to close from one list to another',
  builder: (yargs) =>
    yargs
      .positional('from', { type: 'string', demandOption: true, describe: sourceHelp })
      .positional('to', { type: 'string', demandOption: true, describe: 'the same of what comes after it' })
      .options({
        ...source,
        answers: {
          type: 'string',
          requiresArg: true,
          describe: 'answers file of a site, for which releases are compared',
        },
        json,
      })
      .example(
        '$0 allowlist diff cde-0.1.0.bundle cde-0.2.0.bundle --trust vendor.pub --answers answers.yaml',
        'before an upgrade',
      )
      .example('$0 allowlist diff june.json july.json', 'between two lists that were kept')
      .epilogue('What another entry still needs is not closed, and what is open already is not opened again.'),
  handler: async ({ from, to, json, ...args }) => {
    const { diffAllowlists } = await import('../../allowlist/diff.ts')
    const [before, after] = [await listOf(from, args), await listOf(to, args)]
    const difference = diffAllowlists(before, after)
    if (json) console.log(jsonLine({ from: before.version, to: after.version, ...difference }))
    else
      for (const line of differenceLines(difference, `${before.release.version} -> ${after.release.version}`))
        console.log(safe(line))
  },
})

function differenceLines({ open, close, changed }: ListDifference, title: string): string[] {
  const lines = (mark: string, list: ListDifference['open']) =>
    list.flatMap(({ endpoint, from }) => [
      `${mark} ${showAddress(endpoint)}  from ${from.join(', ')}${endpoint.at === 'site' ? ' (of the site)' : ''}`,
      `    ${endpoint.id}: ${endpoint.why}`,
    ])
  // what is opened or closed has been said
  const moved = new Set([...open, ...close].map(({ endpoint }) => endpoint.id))
  const others = changed.filter(({ after }) => !moved.has(after.id))
  return [
    title,
    ...(open.length > 0 ? ['open', ...lines('+', open)] : ['nothing to open']),
    ...(close.length > 0 ? ['close', ...lines('-', close)] : ['nothing to close']),
    ...others.map(({ after, what }) => `~ ${after.id}: ${what.join(', ')} changed`),
  ]
}
