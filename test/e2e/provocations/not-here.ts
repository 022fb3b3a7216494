/** A check that a lab cannot make fail, why, and the test that does below it. */
export interface NotHere {
  why: string
  test: string
}

/** By id of the check. */
export const notHere: Readonly<Record<string, NotHere>> = {
  'node-watches': {
    why: "a node of the lab has its machine's limits, which are everybody's: where they are too low it fails here too",
    test: 'test/unit/installer/checks/pods.test.ts',
  },
  'node-cgroups': {
    why: "a node of the lab has its machine's control groups: where they are of version 1 it fails here too",
    test: 'test/unit/installer/checks/pods.test.ts',
  },
}
