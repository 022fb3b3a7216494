import type { Act, Mode } from '@sealift/bundle-spec/act.ts'
import { repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { variablesOf } from '../environment.ts'

/** What this manager runs, as far as the right to do so depends on it. */
export type Running = Extract<Act, { act: 'run' }>

const modes: readonly Mode[] = ['connected', 'restricted', 'airgapped']

/**
 * Reads the mode that is stated (`MODE`), from where the images of the site come (`MANAGER_IMAGE`, `WORKSPACE_IMAGE`), and
 * below which URL they are published (`PUBLISHED_AT`; a URL, so that no build takes it for the name of an image). What is not
 * said counts as not published: leaving something out makes no site a connected one.
 * @throws Error that names the variable at fault
 */
export function runningAs(env: NodeJS.ProcessEnv): Running {
  const { optional, oneOf } = variablesOf(env)
  const published = /^https:\/\/(.+)/.exec(optional('PUBLISHED_AT') ?? '')?.[1]
  const pull = (name: string, image: string) => ({
    from: repositoryOf(image),
    published: published === undefined ? '' : `${published}/${name}`,
  })
  return {
    act: 'run',
    mode: oneOf('MODE', modes, 'connected'),
    pulls: [pull('manager', optional('MANAGER_IMAGE') ?? ''), pull('workspace', optional('WORKSPACE_IMAGE') ?? '')],
  }
}
