import { Refusal } from './refusal.ts'

/** Subprotocols of a WebSocket request, the ticket apart (RFC 6455, section 4.1, item 10). */
export interface Offer {
  ticket: string
  /** what the workspace may choose from, in the client's order */
  protocols: string[]
}

/** Longest ticket taken, in characters; a real one has about 400. */
const maxTicketLength = 4096

/**
 * Splits `Sec-WebSocket-Protocol`. Browsers can't set headers on a WebSocket, so the ticket travels as the
 * subprotocol `ticket.<jwt>`; the workspace never sees it. Throws a Refusal when there is not exactly one ticket.
 */
export function readOffer(header: string | undefined): Offer {
  const tokens = (header ?? '').split(',').map((token) => token.trim())
  const tickets = tokens.filter((token) => token.startsWith('ticket.'))
  const ticket = tickets[0]?.slice('ticket.'.length)
  if (!ticket) {
    throw new Refusal(401, 'TICKET_MISSING', 'The request carries no ticket: offer the subprotocol ticket.<jwt>.')
  }
  if (tickets.length > 1 || ticket.length > maxTicketLength) {
    throw new Refusal(400, 'TICKET_MALFORMED', 'The request must carry exactly one ticket of ordinary size.')
  }
  return { ticket, protocols: readProtocols(header) }
}

/** The offered subprotocols but for tickets. Throws a Refusal when they are malformed. */
export function readProtocols(header: string | undefined): string[] {
  const tokens = (header ?? '').split(',').map((token) => token.trim())
  const protocols = tokens.filter((token) => token !== '' && !token.startsWith('ticket.'))
  if (protocols.length > 8 || protocols.some((token) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(token))) {
    throw new Refusal(400, 'REQUEST_MALFORMED', 'The offered subprotocols are malformed.')
  }
  return protocols
}
