import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showNotices } from '../../../../services/manager/notices/answer.ts'

test('a notice that has ended since it was read is not told any more', () => {
  const notice = (id: string, ends: number) => ({
    ...{ id, kind: 'upgrade', says: 'CDE is upgraded.' },
    ...{ startsAt: new Date(1000), endsAt: new Date(ends) },
  })
  const { notices } = showNotices([notice('over', 2000), notice('not yet', 2001)], 2000)
  assert.deepEqual(
    notices.map(({ id }) => id),
    ['not yet'],
  )
})
