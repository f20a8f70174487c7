// What the banner shows: each command, what it promises, and how its output is told from another one.

export interface Stop {
  /** What the reader will see, as printed above the command. */
  readonly promise: string
  readonly request: TourRequest
  /** All of these must be in the output. */
  readonly expect: readonly RegExp[]
}

export interface TourRequest {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Requests before the one that is shown, of which only the status is printed. */
  readonly before?: number
  readonly show: 'body' | 'head and body'
  /** Only lines that start with this. */
  readonly only?: string
}

export interface TourAddresses {
  readonly listen: string
  readonly status: string
  readonly token: string
}

export function createTour({ listen, status, token }: TourAddresses): readonly Stop[] {
  const authorization = `Bearer ${token}`
  return [
    {
      promise: 'Routing by path: this one goes to the catalog ...',
      request: { url: `${listen}/catalog/7`, show: 'body' },
      expect: [/"name":"Compass"/],
    },
    {
      promise: '... and what no route takes is a 404 that says so (RFC 9457)',
      request: { url: `${listen}/nowhere`, show: 'head and body' },
      expect: [/^HTTP\/1\.1 404 /, /^content-type: application\/problem\+json/im, /"code":"ROUTE_NOT_FOUND"/],
    },
    {
      promise: 'Orders want a token: 401 without ...',
      request: { url: `${listen}/orders/42`, show: 'head and body' },
      expect: [/^HTTP\/1\.1 401 /, /^www-authenticate: Bearer/im, /"code":"UNAUTHENTICATED"/],
    },
    {
      promise: '... 200 with; the service is told that ada is calling',
      request: { url: `${listen}/orders/42`, headers: { authorization }, show: 'head and body' },
      expect: [/^HTTP\/1\.1 200 /, /"order":"42"/, /"consumer":"ada"/],
    },
    {
      promise: 'Five a minute and no more: the last one is a 429 that says when to come back',
      request: { url: `${listen}/limited`, before: 5, show: 'head and body' },
      expect: [
        /429 Too Many Requests/,
        /^retry-after: \d+/im,
        /^ratelimit-policy: /im,
        /^ratelimit: /im,
        /^x-ratelimit-remaining: 0/im,
        /"code":"RATE_LIMITED"/,
      ],
    },
    {
      promise: 'A retry hides a failure: the service answers each request 503 first, the client sees 200',
      request: { url: `${listen}/flaky/sometimes`, show: 'head and body' },
      expect: [/^HTTP\/1\.1 200 /, /"attempt":2/],
    },
    {
      promise: 'A service that stalls: 504 after one second, not after thirty',
      request: { url: `${listen}/flaky/slow`, show: 'head and body' },
      expect: [/^HTTP\/1\.1 504 /, /"code":"UPSTREAM_TIMEOUT"/],
    },
    {
      promise: 'A service that only fails: 500 from it until the circuit opens, then 503 without asking it',
      request: { url: `${listen}/flaky/broken`, before: 7, show: 'head and body' },
      expect: [/503 Service Unavailable/, /^retry-after: \d+/im, /"code":"CIRCUIT_OPEN"/],
    },
    {
      promise: 'What all of this has looked like, for Prometheus',
      request: { url: `${status}/metrics`, show: 'body', only: 'http_server_request_duration_seconds_count' },
      expect: [/http_server_request_duration_seconds_count\{[^}]*route="flaky\.broken"[^}]*\} \d+/],
    },
  ]
}
