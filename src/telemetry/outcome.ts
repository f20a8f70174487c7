// The few words that a request's outcome is filed under: known methods, real statuses, codes of the catalogue.
import { CATALOGUE, type ErrorCode, type GatewayError } from '../errors.ts'
import type { Labels } from '../plugin.ts'

/** The methods of the stable HTTP semantic conventions; every other one is `_OTHER`. */
const METHODS = ['_OTHER', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]))
const CODES = Object.keys(CATALOGUE) as ErrorCode[]
const CODE_INDEX: ReadonlyMap<string, number> = new Map(CODES.map((code, index) => [code, index + 1]))
const STATUSES = 600
const CODE_SLOTS = CODES.length + 1
/** None, and 0 to 16. */
const GRPC_SLOTS = 18

/** How an exchange ended. */
export interface Outcome {
  readonly status: number
  readonly error: GatewayError | undefined
  /** 0 to 16, for a call of gRPC that came to a status. */
  readonly grpcStatus?: number | undefined
}

/** One small integer for a method and an outcome: the key of a series, without hashing labels. */
export function outcomeKey(method: string, { status, error, grpcStatus = -1 }: Outcome): number {
  const code = error ? (CODE_INDEX.get(error.code) ?? 0) : 0
  const http = ((METHOD_INDEX.get(method) ?? 0) * STATUSES + realStatus(status)) * CODE_SLOTS + code
  return http * GRPC_SLOTS + grpcStatus + 1
}

/** The known method, or `_OTHER`. */
export function knownMethod(method: string): string {
  return METHOD_INDEX.has(method) ? method : '_OTHER'
}

/** What went wrong: the gateway's own code, or the status of a service's 5xx. */
export function errorType(status: number, error: GatewayError | undefined): string | undefined {
  return error?.code ?? (status >= 500 ? String(status) : undefined)
}

/** Labels of the status and the error; what there is not has no label. */
export function outcomeLabels({ status, error, grpcStatus }: Outcome): Labels {
  const type = errorType(status, error)
  return {
    ...(realStatus(status) > 0 && { http_response_status_code: String(status) }),
    ...(grpcStatus !== undefined && { rpc_grpc_status_code: String(grpcStatus) }),
    ...(type !== undefined && { error_type: type }),
  }
}

function realStatus(status: number): number {
  return Number.isInteger(status) && status >= 100 && status < STATUSES ? status : 0
}
