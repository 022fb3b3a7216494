/**
 * What `work` gives, if it comes within `milliseconds`; else an Error that says what did not answer. The work itself is
 * not stopped.
 */
export async function inTime<T>(work: Promise<T>, milliseconds: number, who = 'it'): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${who} did not answer in ${milliseconds / 1000} s`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
