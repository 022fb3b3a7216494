import type { Database } from './database.ts'
import { lines } from './lines.ts'
import { asJson, psql, sessionSettings } from './psql.ts'

/** One session of the database, for what must see the same state of it. */
export interface Session {
  /** Rows of one statement that returns some. @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC: the session is over then */
  query<T>(sql: string): Promise<T[]>
  /** Ends it; what it had begun is taken back. */
  close(): Promise<void>
}

/** Begins a session with a statement; each further one is sent when the one before has its answer. */
export async function openSession(database: Database, begin: string, signal?: AbortSignal): Promise<Session> {
  const sent: string[] = []
  let wake = () => {}
  let closed = false
  let rows: unknown[] = []
  let answered: ((rows: unknown[]) => void) | undefined
  const send = (text: string) => {
    sent.push(text)
    wake()
  }
  async function* input(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const text = sent.shift()
      if (text !== undefined) yield Buffer.from(text)
      else if (closed) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }
  const onStdout = lines((line) => {
    if (line.startsWith('{')) rows.push(JSON.parse(line))
    else if (line === mark) {
      answered?.(rows)
      answered = undefined
      rows = []
    }
  })
  const end = new AbortController()
  const until = signal ? AbortSignal.any([signal, end.signal]) : end.signal
  const ended = database.exec(psql, { stdin: input(), onStdout, signal: until })
  const over = ended.then(() => {
    throw new Error('the session ended')
  })
  over.catch(() => {})
  const ask = (text: string): Promise<unknown[]> => {
    const rows = new Promise<unknown[]>((resolve) => {
      answered = resolve
    })
    send(`${text}SELECT '${mark}';\n`)
    return Promise.race([rows, over])
  }
  await ask(`${sessionSettings}${begin};\n`)
  return {
    query: async <T>(sql: string) => (await ask(asJson(sql))) as T[],
    async close() {
      closed = true
      wake()
      // nobody waits for an answer any more
      if (answered) end.abort()
      await ended.catch(() => {})
    },
  }
}

/** a line that no row of JSON is */
const mark = '# answered'
