type Kubectl = (...words: string[]) => Promise<string>

/** What an upgrade that failed has to leave as it was. */
export interface SiteState {
  /** of the database, as pg_dump has it */
  schema: string[]
  /** one statement for each row, sorted */
  rows: string[]
  /** live objects by kind and name, without what the cluster itself writes */
  objects: Record<string, unknown>
}

const database = 'statefulset/cde-postgres-17'

/** Answers a statement with its rows. */
export async function query<T>(kubectl: Kubectl, sql: string): Promise<T[]> {
  const asJson = `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) t`
  return JSON.parse(await kubectl('exec', database, '--', 'psql', '-U', 'cde', '-d', 'cde', '-Atc', asJson))
}

export async function siteState(kubectl: Kubectl): Promise<SiteState> {
  const dump = ['exec', database, '--', 'pg_dump', '-U', 'cde', '-d', 'cde', '--inserts']
  const [text, objects] = await Promise.all([kubectl(...dump), liveObjects(kubectl)])
  // pg_dump writes a random word against injection; a sequence never goes back
  const lines = text.split('\n').filter((line) => !/^(\\(un)?restrict |SELECT pg_catalog\.setval)/.test(line))
  const isRow = (line: string) => line.startsWith('INSERT INTO ')
  // an expression that was restored has fewer parentheses
  const plain = (line: string) => line.replaceAll(/[()]/g, '')
  return { schema: lines.filter((line) => !isRow(line)).map(plain), rows: lines.filter(isRow).sort(), objects }
}

/** kinds whose objects come and go by themselves */
const passing = /^(pods|events|leases|endpoints|endpointslices|replicasets|controllerrevisions|serviceaccounts)\b/
/** what Sealift and Helm note of what they did */
const notes = /^(sealift-(upgrade|history|journal|before|backups)|sh\.helm\.release\.)/

interface LiveObject {
  kind: string
  metadata: { name: string; annotations?: Record<string, string>; labels?: object }
  data?: Record<string, string>
  spec?: object
}

async function liveObjects(kubectl: Kubectl): Promise<Record<string, unknown>> {
  const kinds = await kubectl('api-resources', '--namespaced', '--verbs=list,delete', '--output=name')
  const lasting = kinds.split('\n').filter((kind) => kind && !passing.test(kind) && !kind.endsWith('metrics.k8s.io'))
  const own = JSON.parse(await kubectl('get', lasting.join(','), '--output=json')) as { items: LiveObject[] }
  const whole = 'clusterroles,clusterrolebindings,ingressclasses,priorityclasses'
  const selected = ['--selector=app.kubernetes.io/part-of=cde', '--output=json']
  const ofCluster = JSON.parse(await kubectl('get', whole, ...selected)) as { items: LiveObject[] }
  return Object.fromEntries(
    [...own.items, ...ofCluster.items]
      .filter(({ metadata }) => !notes.test(metadata.name))
      .map((object) => [`${object.kind} ${object.metadata.name}`, lastingPart(object)]),
  )
}

function lastingPart({ metadata: { name, labels, annotations = {} }, ...object }: LiveObject): unknown {
  const { 'deployment.kubernetes.io/revision': _, ...kept } = annotations
  const { status: __, ...rest } = object as LiveObject & { status?: unknown }
  const receipt = rest.data?.['receipt.json']
  if (name !== 'sealift-receipt' || receipt === undefined) return { ...rest, labels, annotations: kept }
  const { site, ...said } = JSON.parse(receipt)
  return { ...said, site: { ...site, helmRevision: 0 } }
}
