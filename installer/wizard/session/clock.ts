/** Milliseconds by which this computer's clock is ahead of the machine's. At a site without time servers that may be hours. */
let ahead = 0

/** Learns the machine's time, in milliseconds since 1970, from something that it has just said. */
export const hearTime = (at: number): void => {
  if (Number.isFinite(at)) ahead = Date.now() - at
}

/** Milliseconds since 1970 by the clock of the machine, whose times the view has. */
export const machineTime = (): number => Date.now() - ahead
