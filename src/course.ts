// One exchange on its way through one generation: what each step of the way (serve.ts) knows and leaves for the next.
import type { HttpExchange } from './edge/http-exchange.ts'
import type { Sent } from './edge/send-answer.ts'
import type { CompiledRoute, Generation } from './generation.ts'
import type { Tunnel } from './web-socket/tunnel.ts'

export interface Course {
  readonly exchange: HttpExchange
  readonly generation: Generation
  readonly sent: Sent
  route: CompiledRoute | undefined
  /** From the moment on that the connection has left HTTP. */
  tunnel?: Tunnel
}
