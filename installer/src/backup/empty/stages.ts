import { openDatabase } from '../../database/open.ts'
import { refill } from '../../database/refill.ts'
import { secretNames } from '../../install/chart-values.ts'
import { deploymentNote } from '../../install/deployed.ts'
import type { Stage } from '../../install/engine.ts'
import { receiptName } from '../../install/receipt.ts'
import { deploy } from '../../install/stages/deploy.ts'
import { described } from '../backup.ts'
import { bindClaims } from '../bind-claims.ts'
import { forget, knownBackups, remember } from '../known.ts'
import { counting } from '../progress.ts'
import { type KeptSecret, parseSecrets, putBackSecrets, readSecrets, sameTexts } from '../secrets.ts'
import type { RestoreContext } from './context.ts'

type RestoreStage = Stage<RestoreContext>

/** Those that the answers of this site decide: its license, its registry, its own database. */
const answered: ReadonlySet<string> = new Set([secretNames.license, secretNames.registry, secretNames.database])

const siteOf = ({ cluster, answers }: RestoreContext) => ({ cluster: cluster(), namespace: answers.namespace })

async function secretsOf({ backup, key }: RestoreContext): Promise<KeptSecret[]> {
  const all = await parseSecrets(backup.read('secrets', key), backup.path)
  return all.filter(({ name }) => !answered.has(name))
}

/** Before anything makes new ones: keys and passwords are those of the site that was. */
export const secretsStage: RestoreStage = {
  id: 'backup-secrets',
  title: 'Put back the secrets of the backup',
  inPlace: 'they are in place',
  async needed(context) {
    const there = new Map(
      (await readSecrets(siteOf(context).cluster, context.answers.namespace)).map((one) => [one.name, one]),
    )
    return (await secretsOf(context)).some(({ name, data }) => !sameTexts(there.get(name)?.data ?? {}, data))
  },
  async run(context, report) {
    const { cluster, namespace } = siteOf(context)
    const changed = await putBackSecrets(cluster, namespace, await secretsOf(context))
    report.info(`secrets ${changed.join(', ')}`)
  },
}

/** The database alone, so that nobody finds it empty: a manager would begin anew, and clear away what it does not know. */
export const serverStage: RestoreStage = {
  id: 'database-server',
  title: 'Install the chart with nothing but its database',
  inPlace: 'the database has what the backup has',
  needed: async (context) => (await context.status()) === undefined || !(await isFilled(context)),
  async run(context, report) {
    if ((await context.status()) === undefined) {
      // what an earlier installation left says nothing about this one
      const { cluster, namespace } = siteOf(context)
      await forget({ cluster, namespace }, [context.backup.id])
      await cluster.find('forget the receipt of before', () =>
        cluster.core.deleteNamespacedConfigMap({ namespace, name: receiptName }),
      )
    }
    await deploy(context, report, {
      values: alone(context.values()),
      description: `${deploymentNote(context)}: its database`,
    })
  },
}

/** Values with which nothing runs that writes to the database. */
export function alone(values: Record<string, unknown>): Record<string, unknown> {
  const none = (part: string) => ({ ...(values[part] as object | undefined), replicas: 0 })
  const ingress = values.ingress as { controller?: object } | undefined
  return {
    ...values,
    ...{ manager: none('manager'), envproxy: none('envproxy'), dashboard: none('dashboard') },
    ingress: { ...ingress, controller: { ...ingress?.controller, replicas: 0 } },
  }
}

export const fillStage: RestoreStage = {
  id: 'database',
  title: 'Fill the database',
  inPlace: 'it has what the backup has',
  needed: async (context) => !(await isFilled(context)),
  async run(context, report) {
    const { cluster, namespace } = siteOf(context)
    const { backup, key, signal } = context
    const database = await openDatabase(cluster, namespace)
    try {
      const dump = counting(backup.read('dump', key), backup.sizeOf('dump'), report)
      await refill(database, dump, { states: backup.document.tables, signal })
    } finally {
      await database.close()
    }
    await remember({ cluster, namespace }, described(backup), { restored: new Date().toISOString() })
    const rows = backup.document.tables.reduce((sum, table) => sum + table.rows, 0)
    report.info(`${backup.document.tables.length} tables with ${rows} rows, as in the backup`)
  },
}

const isFilled = async (context: RestoreContext): Promise<boolean> =>
  (await knownBackups(siteOf(context))).some(({ id, restored }) => id === context.backup.id && restored !== undefined)

export const homesStage: RestoreStage = {
  id: 'homes',
  title: 'Look for the home directories',
  inPlace: 'the backup names none',
  needed: async ({ backup }) => backup.document.claims.length > 0,
  async run(context, report) {
    const { cluster, namespace } = siteOf(context)
    const { there, bound, missing } = await bindClaims(cluster, namespace, context.backup.document.claims)
    if (there.length > 0) report.info(`there: ${there.join(', ')}`)
    if (bound.length > 0) report.info(`claimed again: ${bound.join(', ')}`)
    for (const { name, why } of missing)
      report.warn(`${name} is not there: ${why}; its workspace says that its home is lost`)
  },
}
