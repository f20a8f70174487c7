// The listeners of a config: every default filled in, and the bytes of their certificates.
import { resolve } from 'node:path'
import type { z } from 'zod'
import type { Path } from './fault.ts'
import type { listeners, listenerTls } from './listener-schema.ts'
import type { LoadState } from './load-state.ts'
import { readPemFiles } from './pem-files.ts'

export type ListenerConfiguration = ClearListener | HttpsListener | TcpListener

interface EveryListener {
  readonly name: string
  readonly address: string
  readonly proxyProtocol: boolean
}

export interface ClearListener extends EveryListener {
  readonly protocol: 'http' | 'h2c'
}

export interface HttpsListener extends EveryListener {
  readonly protocol: 'https'
  readonly http2: boolean
  readonly tls: ListenerTls
}

/** Of `tcp` and `tlsPassthrough`. */
export interface TcpListener extends EveryListener {
  readonly protocol: 'tcp' | 'tlsPassthrough'
  /** Server name -> service; for `tcp` just `*`. */
  readonly services: ReadonlyMap<string, string>
  readonly allow: readonly string[] | undefined
  readonly deny: readonly string[] | undefined
  readonly limits: { readonly max: number; readonly perAddress: number }
  readonly timeouts: {
    readonly helloMs: number
    readonly idleMs: number
    readonly halfOpenMs: number
    readonly lifetimeMs: number
  }
}

/** In bytes, not in file names: what was checked is what is used. */
export interface ListenerTls {
  /** The first is shown to who asks for no name, or for one that none is for. */
  readonly certificates: readonly KeyPair[]
  readonly minVersion: '1.2' | '1.3'
  readonly clientCertificates?: { readonly ca: Buffer; readonly required: boolean } | undefined
}

export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

type Written = z.output<typeof listeners>

export function readListeners(written: Written, state: LoadState): readonly ListenerConfiguration[] {
  return Object.entries(written).map(([name, listener]): ListenerConfiguration => {
    const { address, proxyProtocol } = listener
    if (listener.protocol === 'tcp' || listener.protocol === 'tlsPassthrough') return toTcp(name, listener)
    if (listener.protocol !== 'https') return { name, protocol: listener.protocol, address, proxyProtocol }
    const { protocol, http2 } = listener
    const tls = readTls(listener.tls, ['listeners', name, 'tls'], state)
    return { name, protocol, address, proxyProtocol, http2, tls }
  })
}

type WrittenTcp = Extract<Written[string], { protocol: 'tcp' | 'tlsPassthrough' }>

function toTcp(name: string, listener: WrittenTcp): TcpListener {
  const { protocol, address, proxyProtocol, allow, deny, connections: limits } = listener
  const services = new Map(protocol === 'tcp' ? [['*', listener.service]] : Object.entries(listener.hosts))
  const { idle: idleMs, halfOpen: halfOpenMs, lifetime: lifetimeMs } = listener.timeouts
  const helloMs = protocol === 'tcp' ? 0 : listener.timeouts.hello
  const timeouts = { helloMs, idleMs, halfOpenMs, lifetimeMs }
  return { name, protocol, address, proxyProtocol, services, allow, deny, limits, timeouts }
}

function readTls(tls: z.output<typeof listenerTls>, path: Path, state: LoadState): ListenerTls {
  const { certificates, minVersion, clientCertificates: clients } = tls
  const pairs = certificates.map(({ cert, key }, at) =>
    // One pair alone is written without a list around it.
    readFiles({ cert, key }, [...path, 'certificates', ...(certificates.length > 1 ? [at] : [])], state),
  )
  const { ca } = readFiles({ ca: clients?.ca }, [...path, 'clientCertificates'], state)
  return {
    certificates: pairs,
    minVersion,
    clientCertificates: clients && { ca, required: clients.required },
  }
}

interface Files {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Empty where a file cannot be read, which is a fault of its own. */
function readFiles({ ca, cert, key }: Files, path: Path, state: LoadState) {
  const absolute = (file: string | undefined) => file && resolve(state.directory, file)
  const pem = readPemFiles({ ca: absolute(ca), cert: absolute(cert), key: absolute(key) }, path, state)
  return { ca: pem.ca ?? EMPTY, cert: pem.cert ?? EMPTY, key: pem.key ?? EMPTY }
}

const EMPTY = Buffer.alloc(0)
