// What broken and hostile targets send to a plain request, and the right outcome for the client.

export interface HostileAnswer {
  readonly id: string
  /** GET unless said otherwise. */
  readonly method?: string
  readonly sends: string
  /** The target closes right after. */
  readonly ends?: boolean
  readonly status: number
  /** Of a served answer. */
  readonly body?: string
  /** The client's connection breaks in the body: it must never pass for a whole one. */
  readonly cut?: boolean
  /** Must stand in the head that the client gets. */
  readonly kept?: RegExp
  /** Must not stand anywhere in what the client gets. */
  readonly gone?: RegExp
}

const head = (...fields: string[]) =>
  `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
const ok = (...fields: string[]) => `${head(...fields, 'Content-Length: 2')}ok`
const many = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: 1`)

/** Never to be seen by the next request. */
export const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nPOISONED'

const SERVED: readonly HostileAnswer[] = [
  { id: 'ok', sends: ok(), status: 200, body: 'ok' },
  {
    id: 'latin',
    sends: `${head('X-A: caf\xe9', 'Content-Length: 2')}\xff\xfe`,
    status: 200,
    body: '\xff\xfe',
    kept: /\r\nX-A: caf\xe9\r\n/,
  },
  {
    id: 'utf8',
    sends: `${head('X-A: \xc3\xa9', 'Content-Length: 2')}\xc3\xa9`,
    status: 200,
    body: '\xc3\xa9',
    kept: /\r\nX-A: \xc3\xa9\r\n/,
  },
  { id: 's100', sends: `HTTP/1.1 100 Continue\r\n\r\n${ok()}`, status: 200, body: 'ok' },
  { id: 's103', sends: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok()}`, status: 200, body: 'ok' },
  {
    id: 's204body',
    sends: `HTTP/1.1 204 No Content\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`,
    status: 204,
    body: '',
    gone: /POISONED/,
  },
  {
    id: 's304cl',
    sends: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n',
    status: 304,
    body: '',
    kept: /\r\nETag: "a"/,
  },
  { id: 'extra', sends: ok() + POISON, status: 200, body: 'ok', gone: /POISONED/ },
  {
    id: 'http10',
    sends: 'HTTP/1.0 200 OK\r\n\r\nto the end',
    ends: true,
    status: 200,
    body: 'to the end',
    kept: /^HTTP\/1\.1 200/,
  },
  {
    id: 'http10, its length said',
    sends: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ends: true,
    status: 200,
    body: 'ok',
  },
  {
    id: 'to the end of the connection',
    sends: 'HTTP/1.1 200 OK\r\n\r\nto the end',
    ends: true,
    status: 200,
    body: 'to the end',
  },
  {
    id: 'conclose',
    sends: ok('Connection: close'),
    ends: true,
    status: 200,
    body: 'ok',
    gone: /connection: close/i,
  },
  {
    id: 'hop',
    sends: ok(
      'Connection: X-Hop',
      'X-Hop: 1',
      'Keep-Alive: timeout=1',
      'Proxy-Authenticate: Basic',
      'Proxy-Connection: x',
      'Upgrade: h2c',
      'Trailer: X-T',
      'TE: x',
      'X-End: 1',
    ),
    status: 200,
    body: 'ok',
    kept: /\r\nX-End: 1/,
    gone: /X-Hop|timeout=1|Proxy-|Upgrade|Trailer|\r\nTE:/i,
  },
  {
    id: 'twocookies',
    sends: ok('Set-Cookie: a=1', 'Set-Cookie: b=2'),
    status: 200,
    body: 'ok',
    kept: /\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/,
  },
  { id: 'noreason', sends: 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', status: 200, body: 'ok' },
  {
    id: 'proto',
    sends: ok('__proto__: x', 'constructor: y', 'toString: z'),
    status: 200,
    body: 'ok',
    kept: /\r\n__proto__: x\r\n/,
  },
  {
    id: '49 Location',
    sends: ok('Location: http://10.0.0.5/x'),
    status: 200,
    body: 'ok',
    kept: /\r\nLocation: http:\/\/10\.0\.0\.5\/x\r\n/,
  },
]

const NO_ANSWER: readonly Omit<HostileAnswer, 'status'>[] = [
  { id: 'dupcl', sends: `${head('Content-Length: 2', 'Content-Length: 5')}okokk` },
  { id: 'dupclsame', sends: `${head('Content-Length: 2', 'Content-Length: 2')}ok` },
  { id: 'clte', sends: `${head('Content-Length: 2', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n` },
  { id: 'barelf', sends: 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok' },
  { id: 'statusabc', sends: 'HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok' },
  { id: 'nulhdr', sends: ok('X-A: a\0b') },
  { id: 'crhdr', sends: ok('X-A: a\rSet-Cookie: evil=1'), gone: /Set-Cookie/ },
  { id: 'bighdr40k', sends: ok(`X-A: ${'a'.repeat(40_000)}`) },
  { id: '43, 10,000 fields', sends: ok(...many(10_000)) },
  {
    id: '43, a head of 1 MB',
    sends: ok(...Array.from({ length: 64 }, (_, at) => `X-${at}: ${'a'.repeat(16_000)}`)),
  },
  { id: 's101', sends: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n' },
  // A GET would be sent once more where the connection had served before.
  { id: 'reset before a byte', method: 'POST', sends: '', ends: true },
  { id: 'halfhdr', sends: 'HTTP/1.1 200 OK\r\nContent-Le', ends: true },
  { id: 'tegzip', sends: `${head('Transfer-Encoding: gzip, chunked')}2\r\nok\r\n0\r\n\r\n` },
  { id: 'tegzip alone', sends: `${head('Transfer-Encoding: gzip')}ok`, ends: true },
  {
    id: 'tetwice',
    sends: `${head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  },
  { id: 'garbage', sends: 'SSH-2.0-OpenSSH_9.2\r\n' },
  { id: 'HTTP/0.9', sends: '<html>hello</html>', ends: true },
  { id: 'a negative length', sends: `${head('Content-Length: -2')}ok` },
  { id: 'a space before the colon', sends: ok('X-A : 1') },
]

const CUT: readonly HostileAnswer[] = [
  { id: 'trunc', sends: `${head('Content-Length: 10')}abc`, ends: true, status: 200, cut: true },
  {
    id: 'chtrunc',
    sends: `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n`,
    ends: true,
    status: 200,
    cut: true,
  },
  {
    id: 'chtrunc before the last line',
    sends: `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n`,
    ends: true,
    status: 200,
    cut: true,
  },
  {
    id: 'badchunk',
    sends: `${head('Transfer-Encoding: chunked')}3\r\nabc\r\nzz\r\n`,
    status: 200,
    cut: true,
  },
]

export const HOSTILE_ANSWERS: readonly HostileAnswer[] = [
  ...SERVED,
  ...NO_ANSWER.map((answer) => ({ ...answer, status: 502 })),
  ...CUT,
]
