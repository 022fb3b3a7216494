import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountsBelow } from '../../lab/mounts.ts'

const line = (path: string) => `36 35 98:0 /mnt1 ${path} rw,noatime master:1 - ext3 /dev/root rw`

test('mounts below a directory are listed the latest first, those of a neighbour with a similar name are not', () => {
  const mountinfo = ['/lab/a', '/lab/a/kubelet/v', '/lab/ab/kubelet', '/', '/lab/a/kubelet/v/deep'].map(line).join('\n')
  assert.deepEqual(mountsBelow('/lab/a', mountinfo), ['/lab/a/kubelet/v/deep', '/lab/a/kubelet/v', '/lab/a'])
})

test('escaped characters of a mount point are read as the kernel means them', () => {
  assert.deepEqual(mountsBelow('/lab', line('/lab/with\\040space')), ['/lab/with space'])
})
