// What is fuzzed: everything that reads bytes which anybody may send, and the config.
import type { FuzzTarget } from './fuzzer.ts'
import { authority } from './targets/authority.ts'
import { canonicalPathTarget } from './targets/canonical-path.ts'
import { clientHello } from './targets/client-hello.ts'
import { clientIp } from './targets/client-ip.ts'
import { config } from './targets/config.ts'
import { http1Request } from './targets/http1-request.ts'
import { http1Response } from './targets/http1-response.ts'
import { http2Head } from './targets/http2-head.ts'
import { planted } from './targets/planted.ts'
import { proxyHeader } from './targets/proxy-header.ts'
import { webSocketFrames } from './targets/web-socket-frames.ts'

export const targets: readonly FuzzTarget[] = [
  canonicalPathTarget,
  clientIp,
  authority,
  clientHello,
  proxyHeader,
  http2Head,
  webSocketFrames,
  http1Request,
  http1Response,
  config,
]

/** With the one that must fail. */
export const knownTargets: readonly FuzzTarget[] = [...targets, planted]
