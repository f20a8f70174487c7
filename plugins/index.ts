// The built-in plugins, outermost first. The order is not configurable: it is what makes each of them safe.
import type { z } from 'zod'
import type { Plugin } from '../src/plugin.ts'
import { auth } from './auth/auth.ts'
import { bodyLimit } from './body-limit/body-limit.ts'
import { circuitBreaker } from './circuit-breaker/circuit-breaker.ts'
import { concurrency } from './concurrency/concurrency.ts'
import { cors } from './cors/cors.ts'
import { grpcWeb } from './grpc-web/grpc-web.ts'
import { headers } from './headers/headers.ts'
import { ipAllow } from './ip-allow/ip-allow.ts'
import { rateLimit } from './rate-limit/rate-limit.ts'
import { retry } from './retry/retry.ts'
import { timeout } from './timeout/timeout.ts'
import { webSocket } from './web-socket/web-socket.ts'

export const plugins: readonly Plugin[] = [
  ipAllow, // edge: who may not even knock costs nothing else and learns nothing, not even the CORS policy
  cors, // edge: a preflight carries no credentials, so it is answered before identity; every later refusal is readable
  webSocket, // edge: a page that may not open a connection is told so before anybody looks at its user's cookies
  auth, // identity: everything below may ask who the consumer is
  rateLimit, // policy: what is counted by consumer needs one; what is counted by address it places at the edge itself
  bodyLimit, // policy: behind the limits, so that what is refused as too large is counted; no byte has been read yet
  headers, // request: after identity, so that what the config says about a header is the last word
  grpcWeb, // request: inside of what speaks to the page, outside of what judges the answers of the service
  timeout, // resilience: the deadline covers waiting, every attempt and the pauses between them
  concurrency, // resilience: one place in line per client request; retries inside it need no second one
  circuitBreaker, // resilience: a failure that a retry repaired is none; an open circuit is not retried
  retry, // resilience: closest to the service, so that each attempt is one call to a target
]

/** What a config may say for each plugin, by its key; `defineConfig` is typed by it. */
export interface PluginSettings {
  readonly ipAllow: z.input<typeof ipAllow.settings>
  readonly cors: z.input<typeof cors.settings>
  readonly webSocket: z.input<typeof webSocket.settings>
  readonly bodyLimit: z.input<typeof bodyLimit.settings>
  readonly auth: z.input<typeof auth.settings>
  readonly rateLimit: z.input<typeof rateLimit.settings>
  readonly headers: z.input<typeof headers.settings>
  readonly grpcWeb: z.input<typeof grpcWeb.settings>
  readonly timeout: z.input<typeof timeout.settings>
  readonly concurrency: z.input<typeof concurrency.settings>
  readonly circuitBreaker: z.input<typeof circuitBreaker.settings>
  readonly retry: z.input<typeof retry.settings>
}
