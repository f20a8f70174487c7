// An exchange with plausible facts, any of which a test can replace.
import { type Attempt, type Exchange, HeaderList, type RouteFacts } from '../../../src/plugin.ts'

export const ROUTE: RouteFacts = { id: 'orders.read', service: 'orders', pattern: '/orders/*' }

export const TARGET = { url: 'http://10.0.0.7:3000', host: '10.0.0.7', port: 3000 }

export interface ExchangeChange extends Partial<Omit<Exchange, 'headers' | 'request'>> {
  readonly headers?: string[]
  readonly sentPath?: string
}

export function fakeExchange({ headers = [], sentPath, ...change }: ExchangeChange = {}): Exchange {
  const facts = {
    id: 'req-1',
    startedAt: 0,
    method: 'GET',
    scheme: 'https',
    host: 'api.example.com',
    path: '/orders/42',
    query: '',
    clientIp: '203.0.113.9',
    route: ROUTE,
    params: {},
    consumer: undefined,
    deadlineAt: Number.POSITIVE_INFINITY,
    trace: undefined,
    attempts: [],
    status: 200,
    error: undefined,
    ...change,
  }
  const request = { method: facts.method, path: sentPath ?? facts.path, headers: new HeaderList() }
  return { ...facts, headers: new HeaderList(headers), request } as unknown as Exchange
}

export function fakeAttempt(change: Partial<Attempt> = {}): Attempt {
  return { target: TARGET.url, startedAt: 0, durationMs: 5, status: 200, error: undefined, ...change }
}

export const FINISHED = { bytesIn: 0, bytesOut: 12, upstreamMs: 5, aborted: false }
