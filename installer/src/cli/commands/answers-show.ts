import { parse } from 'yaml'
import { defineCommand } from '../command.ts'
import { jsonLine } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'

const { kubeconfig, context, namespace } = site

export const answersShow = defineCommand({
  command: 'show',
  describe: 'print the answers that a site was installed with',
  builder: (yargs) =>
    yargs
      .options({ kubeconfig, context, namespace, json })
      .example('$0 answers show --namespace cde > answers.yaml', 'then name the files of this machine, and check it')
      .epilogue('An installation keeps them in its namespace when it ends, as ConfigMap sealift-answers.'),
  handler: async (args) => {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { keptAnswers } = await import('../../install/kept-answers.ts')
    const where = siteOf(args)
    const text = await keptAnswers(connectCluster(where, interruption()), where.namespace)
    process.stdout.write(args.json ? `${jsonLine(parse(text))}\n` : text)
  },
})
