// What the gateway knows of gRPC: its media types, its statuses beside those of HTTP, its deadlines, its messages.
import type { GatewayError } from './errors.ts'
import type { HeaderList, ReadonlyHeaderList } from './headers.ts'

const MEDIA_TYPE = /^(application\/grpc(?:-web(?:-text)?)?(?:\+[\w.-]{1,64})?)\s*(?:;|$)/i
const TIMEOUT = /^(\d{1,8})([HMSmun])$/
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
/** Longer deadlines are the client's own affair: a timer of Node that runs over fires at once. */
const MAX_TIMEOUT_MS = 86_400_000

const GRPC_STATUS = { unknown: 2, deadlineExceeded: 4, resourceExhausted: 8, unavailable: 14 } as const

/** HTTP status of a failure -> gRPC status. Where gRPC itself maps (400), what it says; else the nearest in meaning. */
const STATUSES: ReadonlyMap<number, number> = new Map([
  // Not INVALID_ARGUMENT: it is the transport that is wrong, not the message inside.
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [405, 12],
  [408, 4],
  [413, 8],
  [414, 13],
  [429, 8],
  [431, 8],
  [499, 1],
  [501, 12],
  [502, 14],
  [503, 14],
  [504, 4],
])

/** gRPC status -> the HTTP status that says the same of a service; every other one is an answer like any. */
const MEANINGS: ReadonlyMap<string, number> = new Map([
  ['2', 500],
  ['4', 504],
  ['8', 429],
  ['13', 500],
  ['14', 503],
  ['15', 500],
])

/** The media type to answer a call of gRPC or gRPC-Web with; undefined for anything else. */
export function grpcTypeOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined
  return MEDIA_TYPE.exec(contentType)?.[1]?.toLowerCase()
}

/** True for gRPC itself, whose status comes in the trailers; gRPC-Web has it in its body. */
export function isNativeGrpc(type: string | undefined): boolean {
  return type !== undefined && !type.startsWith('application/grpc-web')
}

function grpcStatusOf({ status }: GatewayError): number {
  return STATUSES.get(status) ?? 13
}

/** The status and the message of a failure as trailers (or as a head that is all there is), flat pairs. */
export function grpcTrailers(error: GatewayError): string[] {
  const message = percentEncode(error.detail ?? error.title)
  return ['grpc-status', String(grpcStatusOf(error)), 'grpc-message', message, 'x-gateway-error', error.code]
}

/** 0 to 16; 2 (UNKNOWN) for what is no status. Undefined when there is none. */
export function readGrpcStatus(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const status = /^\d{1,2}$/.test(value) ? Number(value) : GRPC_STATUS.unknown
  return status <= 16 ? status : GRPC_STATUS.unknown
}

/**
 * The HTTP status that a response amounts to: its own, or for a call of gRPC that ended with its head
 * (`200` and a `grpc-status`) the one that says the same.
 */
export function outcomeStatus(
  exchange: { readonly grpc: string | undefined },
  response: { readonly status: number; readonly headers: ReadonlyHeaderList },
): number {
  if (exchange.grpc === undefined || response.status !== 200) return response.status
  return MEANINGS.get(response.headers.get('grpc-status') ?? '') ?? response.status
}

/** `grpc-timeout` in milliseconds; undefined when there is none, it is malformed, or longer than a day. */
export function readGrpcTimeout(value: string | undefined): number | undefined {
  const [, digits, unit] = TIMEOUT.exec(value ?? '') ?? []
  if (digits === undefined || unit === undefined) return undefined
  const ms = Number(digits) * UNIT_MS[unit]!
  return ms <= MAX_TIMEOUT_MS ? ms : undefined
}

/** Says how much time is left. At most eight digits, as the protocol wants. */
export function setGrpcTimeout(headers: HeaderList, leftMs: number): void {
  const ms = Math.max(0, Math.floor(leftMs))
  headers.set('grpc-timeout', `${Math.min(ms, 99_999_999)}m`)
}

// Printable ASCII but `%` as it is, every other byte of UTF-8 as %XX.
function percentEncode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
