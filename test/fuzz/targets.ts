// What is fuzzed: everything that reads bytes which anybody may send, and the config.
import type { FuzzTarget } from './fuzzer.ts'
import { authority } from './targets/authority.ts'
import { canonicalPathTarget } from './targets/canonical-path.ts'
import { clientHello } from './targets/client-hello.ts'
import { clientIp } from './targets/client-ip.ts'
import { config } from './targets/config.ts'
import { planted } from './targets/planted.ts'

export const targets: readonly FuzzTarget[] = [canonicalPathTarget, clientIp, authority, clientHello, config]

/** With the one that must fail. */
export const knownTargets: readonly FuzzTarget[] = [...targets, planted]
