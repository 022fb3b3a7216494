/** Words as a sentence: with a capital and an end. Messages of the API begin small, since they also stand within sentences. */
export const sentence = (text: string): string => {
  const upper = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(upper) ? upper : `${upper}.`
}
