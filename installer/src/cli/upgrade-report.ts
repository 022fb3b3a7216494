import { styleText } from 'node:util'
import { bytes, counted, duration, minute } from '../amounts.ts'
import { describeLoss } from '../backup/restore.ts'
import type { HistoryEntry } from '../install/history.ts'
import type { PlannedAllowlist } from '../upgrade/plan/allowlist.ts'
import { planObjectsText } from '../upgrade/plan/objects/plan-text.ts'
import type { PlannedMigration, StepPlan, UpgradePlan } from '../upgrade/plan/plan.ts'
import type { RollbackPlan } from '../upgrade/rollback.ts'
import { safe } from './format.ts'

/** What an upgrade would do, for people. */
export function planText(plan: UpgradePlan): string {
  const { name, from, steps, unused, unfinished, database, backup, objects, values, allowlist } = plan
  const way = [from, ...steps.map((step) => step.to)].map(safe).join(' → ')
  return [
    steps.length === 0 && !unfinished
      ? `${safe(name)} ${safe(from)} is installed: there is nothing to do`
      : `${safe(name)} ${way}`,
    ...(unfinished
      ? [
          `an upgrade from ${safe(unfinished.from)} to ${safe(unfinished.to)} was begun at ${safe(unfinished.started)} from ${safe(unfinished.host)}: ${unfinished.direction === 'back' ? `it failed, and ${safe(unfinished.from)} is brought back` : 'it goes on'}`,
        ]
      : []),
    ...unused.map((path) => `not needed: ${safe(path)}`),
    ...steps.flatMap((step) => stepText(step, steps.length > 1)),
    ...section('Objects', objects === undefined ? [] : planObjectsText(objects)),
    ...section(
      'Your values',
      (values ?? []).map(({ says }) => safe(says)),
    ),
    ...section('Firewall', allowlist === undefined ? [] : firewall(allowlist)),
    ...(backup && database
      ? section('Before each step', [
          `the database (${bytes(database.bytes)}) is backed up into ${safe(backup.directory)}: at most ${bytes(backup.bytes)}, ${bytes(backup.free)} are free`,
          'the backup is proven: restored into a database that is thrown away, and compared',
        ])
      : []),
    ...(steps.length === 0 ? [] : section('People', people(plan))),
  ].join('\n')
}

/** What to ask of the people of the firewall; nothing where nothing changes. */
const firewall = ({ open, close }: PlannedAllowlist): string[] => [
  ...open.map(
    ({ address, from, why, required }) =>
      `open ${safe(address)} from ${from.join(', ')}${required ? '' : ' (for those who want it)'}: ${safe(why)}`,
  ),
  ...close.map(({ address, from }) => `no longer needed afterwards: ${safe(address)} from ${from.join(', ')}`),
]

/** What a rollback would do, for people. */
export function rollbackText({ from, to, upgraded, migrations, backup, volume, lost }: RollbackPlan): string {
  return [
    `${safe(from)} → ${safe(to)}${upgraded === undefined ? '' : `, as it was before ${minute(new Date(upgraded))}`}`,
    ...section('Database', [
      ...(volume ? [`it is again the one in ${safe(volume)}, as it was before; the volume of today is removed`] : []),
      ...(migrations.length === 0 && !volume ? ['it stays as it is: the upgrade has not changed it'] : []),
      ...(backup
        ? [`it comes from ${safe(backup.path)}, as it was at ${minute(new Date(backup.created))}`]
        : migrations.map((name) => `${safe(name)} is taken back; nothing that ${safe(to)} knows is lost`)),
    ]),
    ...section(
      'Lost',
      lost?.map((one) => safe(describeLoss(one))) ?? [
        'all that was written since; how much that is cannot be known without the backup of before: sealift rollback --backup FILE',
      ],
    ),
    ...section('People', [
      backup || volume
        ? 'while the database changes nobody can log in, create or change anything; what runs goes on'
        : 'everybody can go on working: workspaces run, sessions stay open',
    ]),
  ].join('\n')
}

/** What is asked before it begins, and the word to type; twice where something cannot be undone. */
export function questions({ steps }: Pick<UpgradePlan, 'steps'>, namespace: string) {
  const final = steps.find(({ noWayBack }) => noWayBack !== undefined)
  const lasting = final ?? steps.find(({ irreversible }) => irreversible.length > 0)
  const what = final ? `There is no way back from ${safe(final.to)}` : 'It cannot be undone but by the backup'
  return [
    { question: `Type ${namespace} to go on:`, word: namespace },
    ...(lasting ? [{ question: `${what}. Type ${safe(lasting.to)} to go on all the same:`, word: lasting.to }] : []),
  ]
}

/** What was done, a line each. */
export function historyText(entries: readonly HistoryEntry[]): string {
  if (entries.length === 0) return 'nothing is known of what was done here'
  return entries
    .flatMap(({ what, from, to, outcome, started, ended, host, failed, backup }) => {
      const took = duration(Date.parse(ended) - Date.parse(started))
      const way = [...(from ? [from] : []), to].map(({ version }) => safe(version)).join(' → ')
      return [
        `${minute(new Date(started))}  ${what.padEnd(8)}  ${way}  ${outcome === 'done' ? 'done' : `failed, ${safe(from?.version ?? '')} came back`}, ${took}, from ${safe(host)}`,
        ...(failed && outcome === 'back' ? [`    ${safe(failed.message)} [${safe(failed.code)}]`] : []),
        ...(backup ? [`    backup ${safe(backup.path)} on ${safe(backup.host)}`] : []),
      ]
    })
    .join('\n')
}

function people({ sessions, steps, elsewhere = 0 }: UpgradePlan): string[] {
  return [
    sessions === undefined
      ? 'how many sessions are open (terminals, editors, SSH) cannot be known from here'
      : `${counted(sessions, 'session')} open (terminals, editors, SSH)`,
    steps.some((step) => step.writesStop)
      ? 'while the database changes nobody can log in, create or change anything; what runs goes on'
      : 'everybody can go on working: workspaces run, sessions stay open',
    ...(elsewhere > 0
      ? [
          `${counted(elsewhere, 'workspace runs', 'workspaces run')} from the registry of before: they follow at their next start, and come up on no other node until then`,
        ]
      : []),
  ]
}

function stepText(step: StepPlan, several: boolean): string[] {
  const { images, pulls, migrations, postgres, irreversible, noWayBack, time } = step
  const grave = (line: string) => styleText('red', safe(line))
  const fresh = images.filter((image) => image.isNew)
  const most = Math.max(0, ...pulls.map((pull) => pull.bytes))
  return [
    ...(several ? ['', `${safe(step.from)} → ${safe(step.to)}`] : []),
    ...section('Images', [
      fresh.length === 0
        ? 'all are there already'
        : `${counted(fresh.length, 'new image')} of ${images.length}: ${fresh.map((image) => `${safe(image.name)} (${bytes(image.bytes)})`).join(', ')}`,
      pulls.length === 0
        ? 'every node has them'
        : `pulled beforehand by ${counted(pulls.length, 'node')}, at most ${bytes(most)} each`,
    ]),
    ...section('Database', [
      ...(postgres
        ? [
            `PostgreSQL ${postgres.from} → ${postgres.to}: the data goes from the proven backup into a new volume`,
            `the new volume takes ${bytes(postgres.storage)} more of the cluster's storage; the one of before is kept until you delete it`,
            'from the backup to the end nobody can write; while PostgreSQL is replaced, nobody can log in either',
          ]
        : []),
      ...(migrations === 'unknown' ? ['the release does not list its migrations'] : migrations.map(migrationText)),
      ...(migrations.length === 0 && !postgres ? ['it stays as it is'] : []),
    ]),
    ...section('Cannot be undone once it has ended, but by the backup', irreversible.map(grave)),
    ...section(`There is no way back once ${safe(step.to)} is deployed`, noWayBack ? [grave(noWayBack)] : []),
    ...section('Time', [
      `about ${duration(time.total)}, by ${time.guessed ? 'what it takes elsewhere, in part' : 'what it took here before'}`,
      ...(time.writesStop > 0 ? [`nobody can write for about ${duration(time.writesStop)} of it`] : []),
    ]),
  ]
}

const migrationText = ({ name, class: kind, says, sizes }: PlannedMigration): string => {
  const tables = sizes.map(({ table, bytes: size, rows }) => `${table}: ${rows} rows, ${bytes(size)}`)
  return `${kind}: ${safe(name)}: ${safe(says)}${tables.length > 0 ? ` (${tables.join('; ')})` : ''}`
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
