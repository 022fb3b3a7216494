import { lstatSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import type { Question } from '../answers/questions.ts'
import type { Face, Faults, Invitation, Session } from './face.ts'
import { type Ask, askOver } from './http/ask.ts'
import { followEvents } from './http/follow-events.ts'
import { lifePath, socketName, socketPath } from './socket-path.ts'
import type { View } from './view.ts'

/**
 * Joins the session that another process of this machine has in a directory. What it offers is the same session: what one
 * shows, all show. Undefined where no process has one there.
 */
export async function joinSession(directory: string): Promise<Session | undefined> {
  if (!lstatSync(path.join(directory, socketName), { throwIfNoEntry: false })?.isSocket()) return undefined
  const at = socketPath(directory)
  const gone = new AbortController()
  const ended = new AbortController()
  const streams = new Set<Promise<void>>()
  // nothing comes; that it ends says that the session does
  const life = request({ socketPath: at.path, path: lifePath, signal: gone.signal })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  life.once('response', (response) => {
    response.on('error', () => {}).resume()
    resolve(true)
  })
  life.once('error', () => resolve(false))
  life.once('close', async () => {
    resolve(false)
    gone.abort()
    // what was said last is heard first
    await Promise.all(streams)
    ended.abort()
    at.close()
  })
  life.end()
  if (!(await promise)) return undefined

  const ask = askOver(at.path, ended.signal)
  const follow = (headers: Readonly<Record<string, string>>): Face['subscribe'] => {
    return (after, listener) => {
      const { stop, closed } = followEvents({ socket: at.path, headers, after, listener, gone: gone.signal })
      streams.add(closed)
      void closed.then(() => streams.delete(closed))
      return stop
    }
  }
  return {
    directory,
    ended: ended.signal,
    async enter(who) {
      const { face } = (await ask('POST', '/api/enter', { json: who })).json() as Entered
      const headers = { 'x-sealift-face': face }
      return joinedFace(face, headers, ask, follow(headers))
    },
    async close() {
      gone.abort()
    },
  }
}

interface Entered {
  face: string
  view: View
  questions: readonly Question[]
}

function joinedFace(
  id: string,
  headers: Readonly<Record<string, string>>,
  ask: Ask,
  subscribe: Face['subscribe'],
): Face {
  const get = (path: string) => ask('GET', path, { headers })
  const post = async (path: string, json: object = {}) => await ask('POST', path, { json, headers })
  const said = async <T>(path: string, json?: object) => (await post(path, json)).json() as T
  const done = async (path: string, json?: object) => void (await post(path, json))
  const entered = async () => (await get('/api/view')).json() as Entered
  return {
    id,
    view: async () => (await entered()).view,
    questions: async () => (await entered()).questions,
    subscribe,
    answer: (changes) => said<Faults>('/api/answer', { changes }),
    async upload(pointer, name, bytes) {
      const query = new URLSearchParams({ pointer, name })
      return (
        await ask('POST', `/api/upload?${query}`, { bytes, type: 'application/octet-stream', headers })
      ).json() as {
        path: string
      }
    },
    go: (page) => done('/api/page', { page }),
    look: (look) => done('/api/look', { look }),
    serve: () => done('/api/serve'),
    check: () => done('/api/check'),
    install: () => done('/api/install'),
    stop: () => done('/api/stop'),
    steer: () => done('/api/steer'),
    invite: () => said<Invitation>('/api/invite'),
    async import(text) {
      return (
        await ask('POST', '/api/import', { bytes: Buffer.from(text), type: 'application/yaml', headers })
      ).json() as Faults
    },
    export: async () => (await get('/api/answers.yaml')).text,
    report: async (form) => (await get(`/api/report.${form}`)).text,
    leave: () => done('/api/leave'),
  }
}
