// Why a WebSocket connection is over, and the codes that both sides are told (RFC 6455 section 7.4.1).

/** Whatever the gateway itself ends. */
export const CLOSE_CODES = {
  /** The gateway stops, or the configuration that the connection was opened under is the oldest of too many. */
  DRAINED: 1001,
  IDLE_TIMEOUT: 1001,
  LIFETIME_REACHED: 1001,
  FRAME_INVALID: 1002,
  /** A policy that is not explained: the client may come back with a new token. */
  TOKEN_EXPIRED: 1008,
  MESSAGE_TOO_BIG: 1009,
} as const

export type GatewayCause = keyof typeof CLOSE_CODES

/** Also one of the two that was gone without a close frame. */
export type TunnelCause = GatewayCause | 'CLIENT_RESET' | 'TARGET_RESET'
