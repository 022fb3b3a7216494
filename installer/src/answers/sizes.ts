/** people up to whom sizes are known */
export const mostPeople = 10_000

/** Parts of the platform that can run in several pods. */
export type Part = 'manager' | 'envproxy' | 'dashboard' | 'ingress'

export interface Size {
  part: Part
  /** pods */
  replicas: number
  /** for whoever is asked: why so many */
  why: string
}

/** people from whom on a pod that starts anew, or a node that is maintained, should interrupt nobody */
const many = 20
/**
 * people for one pod of the manager: two share 1,500 lists and 50 logins a second with their database on two cores, so one
 * bears a thousand who log in within a minute (17 a second) and list twice in three seconds (docs/benchmarks.md, "The manager")
 */
const perManager = 1000
/** people for one pod of the envproxy, with three connections each; it holds 1,000 without a loss (docs/benchmarks.md) */
const perEnvproxy = 300
/** people for one pod of the ingress: NGINX holds a connection with less memory and CPU than the envproxy, of all three kinds */
const perIngress = 1000

/** How many pods each part needs for so many people, from what was measured (docs/benchmarks.md). */
export function sizesFor(people: number): Size[] {
  const spare = people > many
  const size = (part: Part, per: number, measured: string): Size => {
    const needed = Math.ceil(people / per)
    if (needed > 1) return { part, replicas: needed, why: measured }
    return spare
      ? {
          part,
          replicas: 2,
          why: `one is enough for ${per} people; with a second one nobody waits while a node is maintained`,
        }
      : { part, replicas: 1, why: `one is enough: up to ${many} people can wait the seconds in which it starts anew` }
  }
  return [
    size('manager', perManager, `one for ${perManager} people: that is 17 logins a second if all come within a minute`),
    size('envproxy', perEnvproxy, `one for ${perEnvproxy} people: that is about 1,000 open terminals and editors`),
    size('dashboard', mostPeople, ''),
    size('ingress', perIngress, `one for ${perIngress} people: all their connections go through it`),
  ]
}
