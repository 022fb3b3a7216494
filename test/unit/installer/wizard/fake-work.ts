import { setTimeout as sleep } from 'node:timers/promises'
import type { Draft } from '../../../../installer/src/answers/draft.ts'
import type { CheckResult } from '../../../../installer/src/checks/check.ts'
import { type CheckReport, counted } from '../../../../installer/src/checks/report.ts'
import type { InstallResult } from '../../../../installer/src/install/install.ts'
import type { Started } from '../../../../installer/src/serve/background/start.ts'
import type { Face } from '../../../../installer/src/wizard/face.ts'
import type { View } from '../../../../installer/src/wizard/view.ts'
import type { Work } from '../../../../installer/src/wizard/work.ts'

/** Answers that are complete; nothing that they name has to exist. */
export const completeDraft: Draft = {
  apiVersion: 'sealift.dev/v1',
  kind: 'Answers',
  mode: 'airgapped',
  bundle: '/site/cde.bundle',
  license: '/site/my.license',
  trust: ['/site/vendor.pub'],
  kubeconfig: '/site/kubeconfig',
  registry: { kind: 'serve', address: '10.0.0.1:5000' },
  host: 'cde.example',
}

export const result: InstallResult = {
  stages: [],
  name: 'cde',
  url: 'https://cde.example/',
  namespace: 'cde',
  kubectl: 'kubectl --namespace cde',
  version: '0.1.0',
}

/** What answers where the bundle of `completeDraft` is served. */
export const started: Started = {
  registry: '10.0.0.1:5000',
  ca: '/var/lib/sealift/serve/ca.crt',
  releases: [{ name: 'cde', version: '0.1.0' }],
  pid: 4711,
  log: '/var/lib/sealift/serve/serve.log',
  already: false,
}

/** An installation of two stages that ends when `finish` says so, or when it is stopped. */
export function fakeWork(finish: () => Promise<void> = async () => {}): Work & { answers: unknown[] } {
  const answers: unknown[] = []
  return {
    answers,
    stages: async () => [
      { id: 'verify', title: 'Verify the bundle' },
      { id: 'deploy', title: 'Install the chart' },
    ],
    async serve(served, onProgress, signal) {
      answers.push(served)
      onProgress(1, 10)
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      await Promise.race([finish(), stopped])
      return started
    },
    async check(given, tell) {
      const check = {
        id: 'clock',
        title: 'Clocks agree',
        protects: 'deploy',
        why: '',
        level: 'error',
        strict: false,
      } as const
      tell({ type: 'checks', checks: [{ ...check, state: 'running' }] })
      answers.push(given)
      await finish()
      tell({ type: 'check', check: { ...check, state: 'passed', found: '3 ms' } })
      return report({ ...check, state: 'passed', found: '3 ms' })
    },
    async install(given, emit, signal) {
      answers.push(given)
      emit({ type: 'stage-start', stage: 'verify', title: 'Verify the bundle', number: 1, of: 2, at: Date.now() })
      for (let done = 1; done <= 5; done++) emit({ type: 'progress', stage: 'verify', done, total: 10, unit: 'bytes' })
      emit({ type: 'log', stage: 'verify', level: 'info', message: 'half of it' })
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      await Promise.race([finish(), stopped])
      emit({ type: 'stage-done', stage: 'verify', ms: 5 })
      return result
    },
  }
}

/** A report of checks that have ended. */
export const report = (...checks: CheckResult[]): CheckReport =>
  counted({
    apiVersion: 'sealift.dev/v1',
    kind: 'CheckReport',
    at: '2026-01-01T00:00:00Z',
    by: 'operator@bastion',
    sealift: '0.1.0',
    release: { name: 'cde', version: '0.1.0' },
    site: {
      host: 'cde.example',
      namespace: 'cde',
      registry: '10.0.0.1:5000',
      mode: 'airgapped',
    },
    ms: 5,
    checks,
  })

/** Waits until the view of a face is as wanted, and returns it. */
export async function until(face: Face, wanted: (view: View) => boolean): Promise<View> {
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(5)) {
    const view = await face.view()
    if (wanted(view)) return view
  }
  throw new Error(`the view stays otherwise: ${JSON.stringify(await face.view())}`)
}
