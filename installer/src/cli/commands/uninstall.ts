import path from 'node:path'
import { defineCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteFlags, siteOf } from '../site-options.ts'
import { stagePrinter } from '../stage-printer.ts'
import { planText, resultText, stateLines } from '../uninstall-report.ts'

export const uninstall = defineCommand({
  command: 'uninstall',
  describe: 'remove the platform from a cluster; its data stays unless told',
  builder: (yargs) =>
    yargs
      .options({
        ...site,
        state: {
          type: 'string',
          requiresArg: true,
          describe: 'state directory of the installation (default: in ~/.local/state/sealift)',
        },
        'delete-data': {
          type: 'boolean',
          default: false,
          describe: 'remove the database, home directories, passwords and keys too',
        },
        yes: { type: 'boolean', default: false, describe: 'do not ask' },
        json: { ...json, describe: 'print one JSON document a line: the plan, every event, the result' },
      })
      .example('$0 uninstall --answers answers.yaml', 'says what goes and what stays, then asks')
      .example('$0 uninstall --namespace cde --delete-data --yes', 'everything goes, without a question')
      .epilogue('Killed at any moment, the same command goes on. docs/operate.md says what stays where.'),
  handler: async (args) => {
    const { platformRelease } = await import('../../cluster/helm.ts')
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { defaultStateDir } = await import('../../install/open.ts')
    const { clearLocalState, findStateDirectory, readLocalState } = await import('../../uninstall/local-state.ts')
    const { isEmpty, planUninstall } = await import('../../uninstall/plan.ts')
    const { uninstall: run } = await import('../../uninstall/uninstall.ts')
    const { deleteData } = args
    const where = siteOf(args)
    const signal = interruption()
    const cluster = connectCluster(where, signal)
    const release = platformRelease(where.namespace)
    const here = { server: cluster.server, namespace: where.namespace }
    const { directory, isDefault } =
      args.state === undefined
        ? findStateDirectory(defaultStateDir(where), here)
        : { directory: path.resolve(args.state), isDefault: false }
    const plan = await planUninstall(cluster, release, deleteData)
    const local = readLocalState(directory, here, isDefault)
    const say = (text: string) => {
      if (!args.json) console.log(text)
    }
    if (args.json) console.log(jsonLine({ type: 'plan', ...planFor(plan) }))
    if (isEmpty(plan)) {
      const removed = deleteData && local.isOurs === true && local.removable.length > 0
      if (removed) await clearLocalState(local)
      say(
        plan.keeps.length > 0
          ? `the platform is not in ${safe(where.namespace)}; the data of an earlier installation is:\n${planText(plan, local)}\nto remove it too: sealift uninstall${siteFlags(args)} --delete-data`
          : `nothing of the platform is in namespace ${safe(where.namespace)} at ${cluster.server}`,
      )
      if (removed || local.removable.length > 0 || local.authority)
        say(stateLines({ directory, removed, authority: local.authority }).join('\n'))
      if (args.json) console.log(jsonLine({ type: 'result', kept: names(plan.keeps), nothingToDo: true }))
      return
    }
    say(`the platform in namespace ${safe(where.namespace)} at ${cluster.server}\n\n${planText(plan, local)}\n`)
    const question = `${deleteData ? 'All of it goes, data included' : 'Data stays'}. Type ${where.namespace} to go on:`
    if (!args.yes) await confirm({ question, word: where.namespace, json: args.json }, signal)
    const printer = stagePrinter(process.stderr)
    try {
      const emit = args.json ? (event: object) => console.log(JSON.stringify(event)) : printer.show
      const result = await run(plan, { cluster, state: { directory, isDefault } }, emit)
      printer.end()
      if (args.json) console.log(jsonLine({ type: 'result', ...result }))
      else
        console.log(
          resultText(plan, result, { answers: args.answers, where: siteFlags(where), flags: siteFlags(args) }),
        )
    } finally {
      printer.end()
    }
  },
})

type Plan = import('../../uninstall/plan.ts').Plan

const names = (objects: Plan['goes']): string[] => objects.map(({ kind, metadata }) => `${kind.kind} ${metadata.name}`)

/** The plan as machines get it. */
const planFor = ({ kinds: _, goes, keeps, others, followers, ...plan }: Plan) => ({
  ...plan,
  goes: names(goes),
  keeps: names(keeps),
  others: names(others),
  followers: names(followers),
})
