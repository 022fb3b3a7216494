import type { FastifyRequest } from 'fastify'
import type { Queryable } from './database.ts'
import type { Page } from './paging.ts'

/** What was done to what. `details` are shown to auditors: never put a secret there. */
export type AuditNote = {
  target: { type: string; id?: string; name?: string }
  details?: Record<string, string | number | boolean | null | readonly string[]>
  /** who, when nobody is logged in yet */ actor?: { id: string; username: string }
  /** instead of the action that the route declares */ action?: string
}

export type AuditEntry = {
  id: string
  at: Date
  actorId: string | null
  actorName: string | null
  via: 'session' | 'api-key' | 'login' | 'system'
  address: string | null
  action: string
  targetType: string
  targetId: string | null
  targetName: string | null
  details: Record<string, unknown>
}

/**
 * Notes a change, in the transaction that makes it: there is no change without its entry. `now` is in milliseconds.
 */
export async function record(
  database: Queryable,
  request: FastifyRequest,
  { target, details = {}, actor, action }: AuditNote,
  now: number,
): Promise<void> {
  const declared = request.routeOptions.config.audit
  const who = actor ?? request.user
  request.audited = true
  await database.query(
    `INSERT INTO audit (at, actor_id, actor_name, via, address, action, target_type, target_id, target_name, details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      new Date(now),
      who?.id ?? null,
      who?.username ?? null,
      request.user?.via ?? 'login',
      request.ip,
      action ?? (typeof declared === 'string' ? declared : 'unknown'),
      target.type,
      target.id ?? null,
      target.name ?? null,
      JSON.stringify(details),
    ],
  )
}

/** Notes what the manager did by itself. */
export async function recordSystem(
  database: Queryable,
  action: string,
  target: AuditNote['target'],
  now: number,
): Promise<void> {
  await database.query(
    `INSERT INTO audit (at, via, action, target_type, target_id, target_name) VALUES ($1, 'system', $2, $3, $4, $5)`,
    [new Date(now), action, target.type, target.id ?? null, target.name ?? null],
  )
}

type Filters = { actor?: string; target?: string; action?: string }

/** Entries, newest first, older than the one with the id `after`; one more than the page has. */
export async function listAudit(
  database: Queryable,
  { after, limit }: Page,
  { actor, target, action }: Filters,
): Promise<AuditEntry[]> {
  const { rows } = await database.query<AuditEntry>(
    `SELECT id::text, at, actor_id AS "actorId", actor_name AS "actorName", via, address, action,
       target_type AS "targetType", target_id AS "targetId", target_name AS "targetName", details
     FROM audit WHERE ($1::bigint IS NULL OR audit.id < $1) AND ($2::text IS NULL OR actor_id = $2)
       AND ($3::text IS NULL OR target_id = $3) AND ($4::text IS NULL OR action = $4)
     ORDER BY audit.id DESC LIMIT $5`,
    [after ?? null, actor ?? null, target ?? null, action ?? null, limit + 1],
  )
  return rows
}
