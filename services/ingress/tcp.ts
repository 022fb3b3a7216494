/** A port of the controller whose connections go to a Service as they are, such as SSH. */
export interface TcpService {
  /** port to listen on */
  listen: number
  /** name of a Service in the watched namespace, and its port */
  service: string
  port: number
  /** whether the Service is told the client's address (PROXY protocol, version 1) */
  proxyProtocol: boolean
}

/** Reads `2222=cde-envproxy:2222:proxy,…`; `:proxy` may be absent. Throws an Error that names what is malformed. */
export function readTcpServices(text: string): TcpService[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [, listen, service = '', port, proxy] =
        /^([0-9]{1,5})=([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):([0-9]{1,5})(:proxy)?$/.exec(each) ?? []
      const numbers = { listen: Number(listen), port: Number(port) }
      if (!listen || !inRange(numbers.listen) || !inRange(numbers.port))
        throw new Error(`TCP_SERVICES: ${each} is not PORT=SERVICE:PORT or PORT=SERVICE:PORT:proxy`)
      return { ...numbers, service, proxyProtocol: proxy !== undefined }
    })
}

const inRange = (port: number): boolean => port > 0 && port < 65_536
