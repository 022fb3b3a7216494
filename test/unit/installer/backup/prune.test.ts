import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backup } from '../../../../installer/src/backup/backup.ts'
import { superfluous } from '../../../../installer/src/backup/prune.ts'

const now = Date.parse('2026-11-30T12:00:00Z')
/** One a day, the newest today; its id is its age in days. */
const made = (days: number): Backup[] =>
  Array.from({ length: days }, (_, age) => {
    const created = new Date(now - age * 86_400_000).toISOString()
    return { id: String(age), path: `/b/${age}`, size: 1, document: { created } } as unknown as Backup
  })
const goes = (rules: { keep?: number; keepDays?: number }, proven: string[] = [], days = 6) =>
  superfluous(made(days).reverse(), new Set(proven), rules, now)
    .map(({ id }) => Number(id))
    .sort()

test('what either rule keeps stays', () => {
  assert.deepEqual(goes({ keep: 2 }), [2, 3, 4, 5])
  assert.deepEqual(goes({ keepDays: 3 }), [3, 4, 5])
  assert.deepEqual(goes({ keep: 5, keepDays: 2 }), [5])
  assert.deepEqual(goes({ keep: 9, keepDays: 0 }), [])
})

test('the newest that was proven stays in any case; the newest, where none was', () => {
  assert.deepEqual(goes({ keep: 1 }, ['3', '5']), [1, 2, 4, 5])
  assert.deepEqual(goes({ keep: 0 }, ['5']), [0, 1, 2, 3, 4])
  assert.deepEqual(goes({ keep: 0, keepDays: 0 }), [1, 2, 3, 4, 5])
  assert.deepEqual(goes({ keep: 0 }, ['another one']), [1, 2, 3, 4, 5])
  assert.deepEqual(goes({ keep: 0 }, [], 0), [])
})
