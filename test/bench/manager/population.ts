import type { Database } from '../../../services/manager/database.ts'
import { hashPassword } from '../../../services/manager/passwords.ts'
import { openSession } from '../../../services/manager/sessions.ts'
import { createUser } from '../../../services/manager/users/store.ts'

export const password = 'correct horse battery staple'

/** Who is there: tokens of open sessions, and ids of each one's workspaces. */
export interface Population {
  members: { username: string; token: string; workspaces: string[] }[]
  admin: string
  /** one admin of each organization */ leaders: string[]
}

/** 5 organizations with an admin each, 50 users with a session each, 1,000 workspaces that are applied already; and an admin. */
export async function populate(database: Database): Promise<Population> {
  const passwordHash = await hashPassword(password)
  const organizations = Array.from({ length: 5 }, (_, i) => `benchorg0${i}`)
  for (const id of organizations) await database.query('INSERT INTO organizations (id, name) VALUES ($1, $1)', [id])
  const members: Population['members'] = []
  for (let i = 0; i < 50; i++) {
    const user = await createUser(database, { username: `user-${i}`, passwordHash, role: 'site-member' })
    const organization = organizations[i % organizations.length] as string
    await database.query(`INSERT INTO members VALUES ($1, $2, 'organization-member')`, [organization, user.id])
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO workspaces (id, owner_id, organization_id, name, image, cpu_milli, memory_gib, disk_gib, desired,
         applied_generation, created_at, updated_at, last_active_at)
       SELECT $1 || lpad(n::text, 3, '0'), $2, $3, 'workspace-' || n, $4, 2000, 4, 20, 'off', 1,
         now() - n * interval '1 hour', now(), now()
       FROM generate_series(1, 20) AS n RETURNING id`,
      [
        `bench${String(i).padStart(2, '0')}`,
        user.id,
        organization,
        `registry.example/cde/workspace@sha256:${'a'.repeat(64)}`,
      ],
    )
    const token = await openSession(database, user.id, Date.now())
    members.push({ username: user.username, token, workspaces: rows.map(({ id }) => id) })
  }
  const admin = await createUser(database, { username: 'bench-admin', passwordHash, role: 'site-admin' })
  const leaders: string[] = []
  for (const organization of organizations) {
    const leader = await createUser(database, { username: `lead-${organization}`, passwordHash, role: 'site-member' })
    await database.query(`INSERT INTO members VALUES ($1, $2, 'organization-admin')`, [organization, leader.id])
    leaders.push(await openSession(database, leader.id, Date.now()))
  }
  await database.query('ANALYZE')
  return { members, leaders, admin: await openSession(database, admin.id, Date.now()) }
}
