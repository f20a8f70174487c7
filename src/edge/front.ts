// The client side: every address where clients connect, and the protocols spoken there.
import type { Socket } from 'node:net'
import type { Clock } from '../plugin.ts'
import type { ProxiedConnection } from '../proxy-protocol.ts'
import { Admission, type Refused } from './admission.ts'
import type { ClientLimits } from './client-limits.ts'
import type { ClientRequest, ClientResponse, Serve } from './client-request.ts'
import { connectionOf } from './connection.ts'
import { createFramework } from './framework.ts'
import { Http1Connections, type OnMalformed } from './http1/http1-connections.ts'
import { Http2Sessions } from './http2/http2-sessions.ts'
import { openListener } from './listener.ts'
import { behindProxy, createVoices, onceHello, type ProxyFault, type Speak } from './speakers.ts'
import type { Spread } from './spread.ts'
import type { TlsSettings } from './tls-contexts.ts'
import { TlsFront } from './tls-front.ts'
import { Turnstile } from './turnstile.ts'

export type ListenerSettings = ClearSettings | HttpsSettings | RawSettings

interface EverySettings {
  readonly name: string
  readonly address: string
  /** Connections begin with a PROXY header, and only trusted proxies may open them. */
  readonly proxyProtocol: boolean
}

interface ClearSettings extends EverySettings {
  readonly protocol: 'http' | 'h2c'
}

interface HttpsSettings extends EverySettings {
  readonly protocol: 'https'
  readonly http2: boolean
  readonly tls: TlsSettings
}

/** What is spoken there is nothing to the edge. */
interface RawSettings extends EverySettings {
  readonly protocol: 'tcp' | 'tlsPassthrough'
}

export interface FrontOptions {
  readonly serve: Serve
  /** Hears of what never became a request. */
  readonly onMalformed: OnMalformed
  readonly limits: ClientLimits
  /** Sees to it that many clients that are given up leave room for others. */
  readonly spread: Spread
  /** Takes over a connection of a listener for raw bytes; who may connect there is its own matter. */
  carry(listener: string, socket: Socket, proxied: ProxiedConnection | undefined): void
  readonly clock: Clock
  /** True for the address of a proxy whose word counts. */
  trusts(address: string): boolean
  /** Hears of connections that were one too many: of all, or of one client. */
  onRefused(because: Refused): void
  /** Hears of connections that no PROXY header made good. */
  onProxyFault(listener: string, fault: ProxyFault, address: string): void
}

export interface Front {
  /** Resolves with the URL; rejects when the address cannot be listened on. */
  open(settings: ListenerSettings): Promise<string>
  /** Handshakes from now on use the certificates of these settings; what was opened otherwise stays as it is. */
  renew(all: readonly ListenerSettings[]): void
  /** The keys of TLS session tickets; until it is called, each listener has its own. */
  useTicketKeys(keys: Buffer): void
  /** Open connections of clients. */
  connections(): number
  /** Clients are told to go elsewhere, as far as their protocol has a word for it before the next answer. */
  announceEnd(): void
  /** Takes no more connections; those that are open stay. */
  stopListening(): void
  closeConnections(): void
  close(): Promise<void>
}

const SCHEMES = { http: 'http', h2c: 'http', https: 'https', tcp: 'tcp', tlsPassthrough: 'tls' } as const

export async function createFront(options: FrontOptions): Promise<Front> {
  const { serve, carry, clock, limits, trusts } = options
  const framework = await createFramework(serve)
  // What the framework has no word for, such as a method that is none, it need not hear of.
  const onRequest = (request: ClientRequest, response: ClientResponse) =>
    request.http2?.fault ? serve(request, response, request.url ?? '') : framework.route(request, response)
  const sessions = new Http2Sessions({ clock, limits, onRequest })
  const { spread, onMalformed } = options
  const turnstile = new Turnstile(clock)
  const connections = new Http1Connections({ clock, limits, spread, turnstile, onRequest, onMalformed })
  const patience = { clock, timeoutMs: limits.headersTimeoutMs }
  const voices = createVoices({ connections, sessions, patience, turnstile })
  const tlsFronts = new Map<string, TlsFront>()
  let ticketKeys: Buffer | undefined
  const stops: (() => void)[] = []
  const admission = new Admission(limits, options.onRefused)
  const admitClient = (socket: Socket, address: string) =>
    trusts(address) || admission.admitClient(socket, address)
  const ofAdmitted =
    (speak: Speak): Speak =>
    (socket) => {
      if (admitClient(socket, connectionOf(socket).peer)) speak(socket)
    }

  function speakerFor(settings: ListenerSettings): Speak {
    if (settings.protocol === 'http') return ofAdmitted(voices.http1)
    if (settings.protocol === 'h2c') return ofAdmitted(voices.either)
    if (settings.protocol !== 'https') return (socket, proxied) => carry(settings.name, socket, proxied)
    const tls = new TlsFront(settings.tls, {
      listener: settings.name,
      clock,
      protocols: settings.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      handshakeTimeoutMs: limits.headersTimeoutMs,
      onSecure: (socket) => (socket.alpnProtocol === 'h2' ? voices.http2(socket) : voices.http1(socket)),
    })
    tlsFronts.set(settings.name, tls)
    if (ticketKeys) tls.useTicketKeys(ticketKeys)
    return ofAdmitted(onceHello((socket) => tls.accept(socket), { patience, turnstile }))
  }

  function stopListening(): void {
    for (const stop of stops.splice(0)) stop()
    sessions.stop()
  }

  return {
    async open(settings) {
      const own = speakerFor(settings)
      const onFault = (fault: ProxyFault, address: string) =>
        options.onProxyFault(settings.name, fault, address)
      const speak = settings.proxyProtocol ? behindProxy(own, { trusts, patience, onFault }) : own
      const listener = await openListener(settings.address, (socket) => {
        if (admission.admit(socket)) speak(socket)
      })
      stops.push(() => listener.stop())
      return `${SCHEMES[settings.protocol]}://${listener.authority}`
    },
    renew(all) {
      for (const one of all) if (one.protocol === 'https') tlsFronts.get(one.name)?.update(one.tls)
    },
    useTicketKeys(keys) {
      ticketKeys = keys
      for (const tls of tlsFronts.values()) tls.useTicketKeys(keys)
    },
    connections: () => admission.open.size,
    announceEnd: () => sessions.announceEnd(),
    stopListening,
    closeConnections() {
      for (const socket of admission.open) socket.destroy()
    },
    async close() {
      stopListening()
      connections.stop()
      await framework.close()
    },
  }
}
