/** What a pod is asked to look at. */
export interface PodQuestions {
  /** names to resolve */
  names: readonly string[]
  /** `https://HOST[:PORT]/v2/` */
  registry: string
  /** PEM: what signed the registry's certificate, beside the roots that Node.js knows */
  registryCa?: string | undefined
  /** the API server, as pods reach it */
  api: string
}

/** What a pod saw of its node and of the network; `error` is in the words of Node.js. */
export interface PodFacts {
  /** by name, in the order asked for; none where there is no such name */
  names: { name: string; addresses: string[]; error?: string }[]
  registry: WebAnswer
  api: WebAnswer
  /** absent where the pod may not see it */
  inotify: { instances?: number; watches?: number }
  cgroup?: 1 | 2
}

export interface WebAnswer {
  /** of HTTP, whatever it is */
  status?: number
  error?: string
}

/** bytes of one argument: an exec takes 128 KiB at most (Linux, MAX_ARG_STRLEN) */
const argument = 64 * 1024

/** Where a container leaves its last words, which the kubelet puts into the pod's status: 4096 bytes (Kubernetes, "Termination message"). */
export const lastWords = '/dev/termination-log'

const program = `
process.env.UV_THREADPOOL_SIZE = '8'
const { readFileSync, existsSync, writeFileSync } = require('node:fs')
const { lookup } = require('node:dns/promises')
const { rootCertificates } = require('node:tls')
const [out, ...parts] = process.argv.slice(1)
const { names, registry, registryCa, api } = JSON.parse(parts.join(''))
const said = ({ code, message }) => (String(message).slice(0, 200) + (code && !message.includes(code) ? ' (' + code + ')' : ''))
const number = (file) => {
  try { return Number(readFileSync(file, 'utf8')) } catch { return undefined }
}
const resolve = (name) =>
  lookup(name, { all: true }).then(
    (found) => ({ name, addresses: found.map(({ address }) => address).sort().slice(0, 4) }),
    (error) => ({ name, addresses: [], ...(error.code === 'ENOTFOUND' ? {} : { error: said(error) }) }),
  )
const get = (url, options) =>
  new Promise((done) => {
    const { get } = require(url.startsWith('https:') ? 'node:https' : 'node:http')
    const request = get(url, options, (response) => {
      done({ status: response.statusCode })
      response.destroy()
    })
    const timer = setTimeout(() => request.destroy(new Error('no answer in 8 s')), 8000)
    request.on('error', (error) => done({ error: said(error) }))
    request.on('close', () => clearTimeout(timer))
  })
const cgroup = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 2 : existsSync('/sys/fs/cgroup/memory') ? 1 : undefined
const inotify = '/proc/sys/fs/inotify/max_user_'
const look = async () => ({
  cgroup,
  inotify: { instances: number(inotify + 'instances'), watches: number(inotify + 'watches') },
  // nothing secret is sent: whose certificate the API server has is not the question
  api: await get(api, { rejectUnauthorized: false }),
  registry: await get(registry, registryCa ? { ca: [...rootCertificates, registryCa] } : {}),
  names: await Promise.all(names.map(resolve)),
})
look().then((facts) => writeFileSync(out, JSON.stringify(facts)))`

/** A command for an image with Node.js: looks around, and leaves PodFacts as JSON in a file. */
export function lookAround(questions: PodQuestions, out = lastWords): readonly string[] {
  const text = JSON.stringify(questions)
  const parts = Array.from({ length: Math.ceil(text.length / argument) }, (_, i) =>
    text.slice(i * argument, (i + 1) * argument),
  )
  return ['node', '-e', program, out, ...parts]
}
