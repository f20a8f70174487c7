// A call of gRPC as the watch over bodies sees it: only for as long as nothing else bounds it.
import type { WatchedCall } from './body-watch.ts'
import type { HttpExchange } from './http-exchange.ts'

export function waitingCall(exchange: HttpExchange): WatchedCall {
  const { body, request } = exchange
  return {
    get received() {
      return body.received
    },
    get awaitsClient() {
      return body.awaitsClient
    },
    get complete() {
      return body.complete
    },
    get isCall() {
      return exchange.isCall
    },
    // An attempt with a time of its own ends by that, and an answer that has begun by its own silence.
    get over() {
      const isBounded = exchange.status !== 0 || request.attemptTimeoutMs !== Number.POSITIVE_INFINITY
      return body.over || (isBounded && exchange.isCall)
    },
    fail: (error) => body.fail(error),
  }
}
