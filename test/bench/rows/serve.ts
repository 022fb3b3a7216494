import { spawn } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate } from '../../lab/certificates.ts'
import { alternate, type Bench, clean, jobOf } from '../bench.ts'
import { eachImage, words } from '../contestant.ts'
import { blobUrls } from '../floor.ts'
import { measure } from '../measure.ts'
import { cpuSecondsOf, peakMemoryOf } from '../process-usage.ts'
import { resultOf } from '../results.ts'
import { sealiftCommand } from '../sealift.ts'
import { fail } from './build.ts'

interface Server {
  name: string
  host: string
  pid: number
}

/** Real clients pull everything, from `sealift serve` and from docker-registry in turn. The server's CPU time and memory. */
export async function serveRow(bench: Bench): Promise<void> {
  const { corpus, source } = bench
  const ours = await startServe(bench)
  try {
    const servers: Server[] = [ours, { name: 'docker-registry', host: source.host, pid: source.process.pid }]
    const crane = bench.contestants.find(({ name }) => name === 'crane')?.help?.split(' ')[0]
    const clients = [
      { name: 'curl', script: curlPull },
      { name: 'skopeo', script: skopeoPull },
      ...(crane ? [{ name: 'crane', script: cranePull(crane) }] : []),
    ]
    for (const client of clients) {
      const row = `serve-${client.name}`
      await alternate(
        servers,
        bench.runs + 1,
        async (server, round) => {
          const job = jobOf(bench, { name: 'client' }, client.script(bench, server.host))
          await clean(join(job.directory, 'out'), join(job.directory, 'tmp'))
          const before = cpuSecondsOf(server.pid)
          const usage = await measure(job)
          const cpuSeconds = cpuSecondsOf(server.pid) - before
          bench.log(`${row}  ${server.name}  ${usage.seconds.toFixed(2)} s`)
          if (round === 0) return
          const result = resultOf(bench.results, row, server.name)
          result.note = `CPU and memory are the server's; ${Math.round(corpus.content / 1e6)} MB of content`
          result.runs.push({ seconds: usage.seconds, cpuSeconds, peakMemory: peakMemoryOf(server.pid) })
        },
        ({ name }, error) => fail(bench, row, name, error),
      )
    }
  } finally {
    await ours.stop()
  }
}

/** Every blob once, 4 at a time, thrown away: what the server can give. */
const curlPull = ({ corpus }: Bench, host: string) =>
  `printf '%s\\n' ${words(...blobUrls(corpus, host))} | xargs -P 4 -I URL curl -sSf --cacert "$SSL_CERT_FILE" -o /dev/null URL`

const skopeoPull = ({ corpus }: Bench, host: string) =>
  parallel(
    eachImage(
      corpus,
      ({ name, repository, tag }) =>
        `skopeo --insecure-policy --tmpdir "$TMPDIR" copy -q docker://${host}/${repository}:${tag} "dir:$OUT/${name}"`,
    ),
  )

const cranePull =
  (crane: string) =>
  ({ corpus }: Bench, host: string) =>
    parallel(
      eachImage(
        corpus,
        ({ name, repository, tag }) => `${crane} pull --format=oci ${host}/${repository}:${tag} "$OUT/${name}"`,
      ),
    )

/** All lines at once; fails where one fails. */
const parallel = (lines: string) =>
  `pids=()\n${lines.replaceAll(/$/gm, ' & pids+=($!)')}\nfor pid in "\${pids[@]}"; do wait "$pid"; done`

async function startServe(bench: Bench): Promise<Server & { stop: () => Promise<void> }> {
  const directory = join(bench.scratch, 'serve')
  await mkdir(directory, { recursive: true })
  const usage = ['serverAuth'] as const
  const server = await issueCertificate(bench.authority, directory, 'server', {
    commonName: 'bench',
    ip: ['127.0.0.1'],
    usage,
  })
  const { trust, license } = bench.ours.files
  const flags = [
    `--trust=${trust}`,
    `--license=${license}`,
    `--tls-cert=${server.certificateFile}`,
    `--tls-key=${server.keyFile}`,
  ]
  const { IN } = jobOf(bench, { name: 'sealift' }, '').environment
  const command = `exec ${sealiftCommand(bench.ours.cli, 'serve', `${IN}/bench.bundle`, '--listen=127.0.0.1:0', '--json', ...flags)}`
  const log = await open(join(directory, 'log'), 'w')
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'bash', '-c', command], { stdio: ['ignore', 'pipe', log.fd] })
  await log.close()
  const host = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`sealift serve did not start; see ${directory}/log`)))
    child.once('error', reject)
    child.stdout?.once('data', (chunk: Buffer) => {
      const { registry } = JSON.parse(chunk.toString()) as { registry?: string }
      if (registry === undefined) reject(new Error(`sealift serve did not start: ${chunk}`))
      else resolve(registry)
    })
  })
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.kill('SIGTERM')) await ended
  }
  return { name: 'sealift', host, pid: child.pid ?? 0, stop }
}
