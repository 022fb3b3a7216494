import { answerAt, type Draft } from '../src/answers/draft.ts'
import { questionsFor } from '../src/answers/questions.ts'
import type { Fault, Look, Page, View } from '../src/wizard/view.ts'

export interface Step {
  /** in the list of steps */
  name: string
  /** over the page */
  title: string
  /** what the page is about, in words for whoever does not do this every day */
  lead: string
  /** what can be looked at on the page, where the answers call for it */
  looks: readonly Look[]
}

export const steps: Readonly<Record<Page, Step>> = {
  bundle: {
    name: 'Bundle and trust',
    title: 'The bundle, and whom to trust',
    lead: 'The bundle is the one signed file that holds everything. Say where it lies on the machine that runs sealift, and which keys of the vendor you trust. Nothing of it is used before its signature is checked.',
    looks: ['bundle'],
  },
  license: {
    name: 'License',
    title: 'The license',
    lead: 'The file that the vendor gave you beside the bundle. It says whose license it is, until when, and whether it allows a site without internet.',
    looks: ['license'],
  },
  mode: {
    name: 'Internet access',
    title: 'Internet access of this site',
    lead: 'How much of the internet the machines of the cluster reach.',
    looks: ['license'],
  },
  cluster: {
    name: 'Cluster',
    title: 'The cluster',
    lead: 'The machines that the platform will run on, joined by Kubernetes. A kubeconfig is the file that says where they are and proves that you may use them.',
    looks: ['cluster'],
  },
  registry: {
    name: 'Registry',
    title: 'The registry',
    lead: 'Every machine of the cluster fetches the platform’s programs (container images) from a registry. It can be served straight from the bundle, or be one that you have.',
    looks: ['registry'],
  },
  names: {
    name: 'Names and certificates',
    title: 'Names and certificates',
    lead: 'The names by which people’s browsers reach the platform, and the certificate that proves to them that it is yours.',
    looks: ['names', 'certificate'],
  },
  data: {
    name: 'Storage and database',
    title: 'Storage and database',
    lead: 'Where the platform keeps its data: disks of the cluster, and a PostgreSQL database of its own or one that you run.',
    looks: ['database'],
  },
  sizes: {
    name: 'Sizes',
    title: 'How many people',
    lead: 'How many will use the platform decides how often each of its parts runs (replicas).',
    looks: [],
  },
  checks: {
    name: 'Checks',
    title: 'Checks before anything changes',
    lead: 'Everything that an installation needs is looked at now. What a check makes in the cluster it takes away again.',
    looks: [],
  },
  review: {
    name: 'Review',
    title: 'Review',
    lead: 'Your answers as the file that the command line takes too, and what an installation will change.',
    looks: [],
  },
  progress: { name: 'Installation', title: 'Installation', lead: '', looks: [] },
  done: { name: 'Done', title: 'The platform is installed', lead: '', looks: [] },
}

/** Answers without which a look of a page finds nothing to look at. */
const conditions: Partial<Record<Look, (draft: Draft) => boolean>> = {
  certificate: (draft) => answerAt(draft, '/tls') === true,
  database: (draft) => answerAt(draft, '/database') === true,
  registry: (draft) => answerAt(draft, '/registry/address') !== undefined,
}

/** What there is to look at on a page with these answers. */
export const looksOf = (page: Page, draft: Draft): readonly Look[] =>
  steps[page].looks.filter((look) => conditions[look]?.(draft) ?? true)

/** Looks whose failure no later page can mend: what is not trusted or not allowed is not installed. */
export const strict: readonly Look[] = ['bundle', 'license']

/** The fault at a pointer, or at an item of the list there. */
export const faultAt = (faults: View['faults'], pointer: string): Fault | undefined =>
  faults[pointer] ?? Object.entries(faults).find(([other]) => other.startsWith(`${pointer}/`))?.[1]

/** What is wrong or missing on a page, by question. */
export const faultsOn = (page: Page, draft: Draft, faults: View['faults']) =>
  questionsFor(draft).flatMap((question) => {
    // what is below a group has a question of its own
    const fault = question.kind === 'flag' ? faults[question.pointer] : faultAt(faults, question.pointer)
    return question.page === page && fault !== undefined ? [{ question, fault }] : []
  })

/** The page that is to be shown: while something runs there is only one. */
export function pageShown({ phase, page }: View): Page {
  if (phase === 'installing') return 'progress'
  if (phase === 'done') return 'done'
  if (phase === 'checking') return 'checks'
  return (page === 'progress' && phase === 'asking') || page === 'done' ? 'review' : page
}
