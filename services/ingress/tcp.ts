/** A port of the controller whose connections go to a Service as they are, such as SSH. */
export interface TcpService {
  /** port to listen on */
  listen: number
  /** name of a Service in the watched namespace, and its port */
  service: string
  port: number
}

/** Reads `2222=cde-envproxy:2222,…`. Throws an Error that names what is malformed. */
export function readTcpServices(text: string): TcpService[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [, listen, service = ''] =
        /^([0-9]{1,5})=([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?):([0-9]{1,5})$/.exec(each) ?? []
      const numbers = { listen: Number(listen), port: Number(each.slice(each.lastIndexOf(':') + 1)) }
      if (!listen || !inRange(numbers.listen) || !inRange(numbers.port))
        throw new Error(`TCP_SERVICES: ${each} is not PORT=SERVICE:PORT`)
      return { ...numbers, service }
    })
}

const inRange = (port: number): boolean => port > 0 && port < 65_536
