/** Takes bytes as they come and gives on whole lines of text, without their ends; what follows the last one is dropped. */
export function lines(take: (line: string) => void): (chunk: Uint8Array) => void {
  let rest: Buffer[] = []
  return (chunk) => {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      take(Buffer.concat([...rest, chunk.subarray(from, at)]).toString())
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)))
  }
}
