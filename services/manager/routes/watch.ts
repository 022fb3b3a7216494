import Type from 'typebox'
import { reach } from '../authorization.ts'
import type { Dependencies } from '../dependencies.ts'
import { closeWhenOver } from '../events/close-when-over.ts'
import { watcher } from '../events/watcher.ts'
import { cut, pageOf } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { showWorkspace } from '../workspaces/answer.ts'
import { listWorkspaces, reachedIds, type Workspace } from '../workspaces/store.ts'
import { ErrorAnswer } from './schemas.ts'

/** A reader this many bytes behind is cut; it connects again and gets a fresh snapshot. */
const slowest = 1024 * 1024

/**
 * WebSockets that tell what happens to the caller's workspaces: `watch-update` sends {type: 'snapshot', workspaces, next}
 * first and whenever news may have been missed: the first page of the list, and where the next one begins. Then
 * {type: 'update', workspace} and {type: 'remove', id} of all of them. `watch-stats` sends {type: 'stats', workspaces:
 * [{id, cpu, memoryBytes}]}. Close code 4401: log in again.
 */
export function watchRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, engine, hub } = dependencies
  const show = (workspace: Workspace) => showWorkspace(workspace, engine.observe(workspace.id), dependencies)
  for (const kind of ['update', 'stats'] as const)
    app.get(
      `/api/v0/workspaces/watch-${kind}`,
      {
        config: { permission: 'workspaces:read' },
        schema: { response: { 101: Type.Null({ description: 'a WebSocket' }), '4xx': ErrorAnswer } },
      },
      async (request, reply) => {
        const first = reach(request, 'workspaces:read')
        const websocket = await app.acceptWebSocket(request, reply)
        const one = watcher({
          kind,
          async newest(within) {
            const page = pageOf({})
            const { shown, last } = cut(await listWorkspaces(database, within, page), page.limit)
            return { workspaces: shown.map(show), next: last?.cursor ?? null }
          },
          ids: (within) => reachedIds(database, within),
          send(message) {
            if (websocket.bufferedAmount > slowest) websocket.terminate()
            else websocket.send(typeof message === 'string' ? message : JSON.stringify(message))
          },
          failed(error) {
            request.log.warn({ reason: (error as Error).message }, 'a watch failed')
            websocket.close(1011, 'try again')
          },
        })
        const forget = hub.subscribe(one.hear)
        closeWhenOver(request, websocket, dependencies)
        websocket.on('close', forget)
        one.begin(first)
      },
    )
}
