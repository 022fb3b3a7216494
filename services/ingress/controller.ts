import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { acceptingWorkers } from './accepting.ts'
import { type Compiled, compile, type Objects } from './compile.ts'
import type { Configuration } from './configuration.ts'
import type { Refused } from './model.ts'
import type { Log, Nginx } from './nginx.ts'
import { idleSeconds } from './preamble.ts'

export interface ControllerOptions {
  configuration: Configuration
  nginx: Nginx
  statusSocket: string
  /** how many NGINX has of one configuration */
  workers: number
  log: Log
  /** the objects of this moment */
  read(): Objects
  /** told of what was left out, after each change */
  report(refused: Refused[]): void
  /** changes that come within this time are one change, in milliseconds */
  debounceMs: number
  /** pause before another attempt when NGINX did not take a configuration, in milliseconds */
  retryMs?: number
  /** how long before a reload clients are asked to come back over another connection, in milliseconds */
  farewellMs?: number
  /** how long NGINX may take to start, and from a reload until no old worker takes connections, in milliseconds */
  patienceMs?: number
}

export interface Controller {
  /** Something changed: bring NGINX up to date soon. */
  changed(): void
  /** Resolves when NGINX serves what was last read, however often that has to be tried. */
  settled(): Promise<void>
  readonly reloads: number
  readonly failures: number
}

const lookMs = 20

/** Objects -> model -> text -> NGINX, one run at a time, never two runs for one burst of changes. */
export function createController(options: ControllerOptions): Controller {
  const {
    configuration,
    nginx,
    log,
    retryMs = 5_000,
    patienceMs = 15_000,
    farewellMs = idleSeconds * 1000 - 500,
  } = options
  let dirty = false
  let wake = () => {}
  let running: Promise<void> | undefined
  let reloads = 0
  let failures = 0
  let applied = configuration.revision

  function changed(): void {
    dirty = true
    wake()
    running ??= run().finally(() => {
      running = undefined
    })
  }

  async function run(): Promise<void> {
    while (dirty) {
      await sleep(options.debounceMs)
      dirty = false
      try {
        options.report(await deploy(options.read()))
        if (configuration.revision === applied) continue
        await reload()
        applied = configuration.revision
        await configuration.sweep()
        log.info({ revision: applied, reloads }, 'configuration applied')
      } catch (error) {
        failures += 1
        log.error({ error: (error as Error).message }, 'configuration not applied, trying again soon')
        if (!dirty) await pause()
        dirty = true
      }
    }
  }

  /** Until the next attempt, or the next change. */
  async function pause(): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(over.resolve, retryMs)
    wake = over.resolve
    await over.promise
    clearTimeout(timer)
  }

  async function deploy(objects: Objects): Promise<Refused[]> {
    const all = compile(objects)
    try {
      await configuration.replace(all.model, all.certificates)
      return all.refused
    } catch (error) {
      failures += 1
      log.error({ error: (error as Error).message }, 'looking for the object that nginx refuses')
      return await deployWithoutCulprits(objects)
    }
  }

  /** Last resort for what our own checks missed: grows the configuration object by object, leaving out the refused. */
  async function deployWithoutCulprits(objects: Objects): Promise<Refused[]> {
    const good: Objects['ingresses'][number][] = []
    const culprits: Refused[] = []
    let compiled: Compiled | undefined
    for (const ingress of objects.ingresses) {
      const attempt = compile({ ...objects, ingresses: [...good, ingress] })
      try {
        await configuration.replace(attempt.model, attempt.certificates)
        good.push(ingress)
        compiled = attempt
      } catch (error) {
        const { namespace = '', name = '' } = ingress.metadata ?? {}
        culprits.push({ kind: 'Ingress', namespace, name, reason: (error as Error).message })
      }
    }
    return [...(compiled?.refused ?? []), ...culprits]
  }

  /** The revision that some worker answers with; empty where none answers. */
  const revisionNow = () => ask(options.statusSocket, '/configuration').catch(() => '')
  const workers = async () => (nginx.pid ? await acceptingWorkers(nginx.pid) : [])

  /**
   * Has NGINX read its configuration again, and waits until its workers have it and none of the old ones takes
   * connections any more: for a while both do, from the same sockets. The signal itself gives no answer, and would end
   * an NGINX that has only just been started. An old worker closes connections that are idle, perhaps while a request is on
   * its way there; so clients let go of those first: those in use as they are asked to, the others as they always do.
   */
  async function reload(): Promise<void> {
    const wanted = configuration.revision
    let before: number[] = []
    await until('start', patienceMs, async () => {
      before = await workers()
      // each is there, since one that is yet to come would be missing among the old ones
      return before.length >= options.workers && (await revisionNow()) !== ''
    })
    if (reloads > 0) {
      await configuration.sayFarewell(applied)
      await sleep(farewellMs)
    }
    nginx.reload()
    reloads += 1
    await until('take the new configuration', patienceMs, async () => {
      return (await revisionNow()) === wanted && !(await workers()).some((pid) => before.includes(pid))
    })
  }

  return {
    changed,
    async settled() {
      while (running) await running
    },
    get reloads() {
      return reloads
    },
    get failures() {
      return failures
    },
  }
}

async function until(what: string, patienceMs: number, done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`nginx did not ${what} within ${patienceMs / 1000} s`)
    await sleep(lookMs)
  }
}

/** Asks NGINX over its status socket; `/configuration` or `/connections`. */
export function ask(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, headers: { host: 'status' }, timeout: 2_000, agent: false },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}`))))
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('nginx does not answer')))
    outgoing.on('error', reject)
    outgoing.end()
  })
}
