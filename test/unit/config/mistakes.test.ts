// One mistake each: where it is told, and what it says.
import { describe, expect, it } from 'vitest'
import { faultsOf, withRoute } from './config-under-test.ts'

const service = (line: string) =>
  `services:\n  a:\n    ${line}\n    targets: [http://a]\n    routes: { r: /x }\n`
const targets = (written: string) => `services:\n  a:\n    targets: ${written}\n    routes: { r: /x }\n`
const root = (line: string) => `${line}\n${withRoute('match: /x')}`
const route = (text: string) => withRoute(text)

/** What is wrong, the config, the one line that is told. */
type Case = readonly [name: string, config: string, told: string]

const KEYS: readonly Case[] = [
  ['an unknown key at the root', root('lisen: :80'), '1:1 unknown key "lisen" (did you mean "listen"?)'],
  [
    'a key of a service at the root',
    root('targets: []'),
    '1:1 unknown key "targets" ("targets" belongs to a service)',
  ],
  [
    'a plugin at the root',
    root('retry: {}'),
    '1:1 unknown key "retry" (write it below "defaults", for every route)',
  ],
  [
    'structure in defaults',
    root('defaults: { health: {} }'),
    '1:13 unknown key "health" in defaults ("health" belongs to a service)',
  ],
  [
    'an unknown key of a service',
    service('hots: x'),
    '3:5 unknown key "hots" in services.a (did you mean "host"?)',
  ],
  [
    'an unknown key of a route',
    route('match: /x\nretryy: {}'),
    '7:9 unknown key "retryy" in services.a.routes.r (did you mean "retry"?)',
  ],
  [
    'an unknown key in a plugin',
    route('match: /x\nretry: { attemps: 2 }'),
    '7:18 unknown key "attemps" in services.a.routes.r.retry (did you mean "attempts"?)',
  ],
  [
    'an unknown key in a structure',
    service('connections: { mx: 1 }'),
    '3:20 unknown key "mx" in services.a.connections (did you mean "max"?)',
  ],
  [
    'a duplicate key',
    root('log: info\nlog: warn'),
    '2:1 log: duplicate key "log" (first defined at turnpike.yaml:1)',
  ],
  [
    'two routes of one name',
    'services:\n  a:\n    targets: [http://a]\n    routes:\n      r: /x\n      r: /y\n',
    '6:7 services.a.routes.r: duplicate key "r" (first defined at turnpike.yaml:5)',
  ],
  [
    'a name that is none',
    'services:\n  a.b:\n    targets: [http://a]\n    routes: { r: /x }\n',
    '2:3 "a.b" is not a name (up to 64 letters, digits, "-" and "_", the first a letter or digit)',
  ],
]

const ROOTS: readonly Case[] = [
  [
    'a version to come',
    root('version: 2'),
    '1:10 version: 2 is not a version that this gateway reads: write 1',
  ],
  ['workers by another word', root('workers: all'), '1:10 workers: expected auto or a number from 1 to 256'],
  ['no workers', root('workers: 0'), '1:10 workers: 0 is out of range: at least 1'],
  ['a bare port', root('listen: 8080'), '1:9 listen: 8080 is not an address: write ":8080"'],
  [
    'an address without a port',
    root('listen: localhost'),
    '1:9 listen: "localhost" is not an address (write :8080 or 127.0.0.1:8080)',
  ],
  [
    'a port that is too large',
    root('admin: :70000'),
    '1:8 admin: ":70000" is not an address (write :8080 or 127.0.0.1:8080)',
  ],
  [
    'a redis that is none',
    root('redis: http://x'),
    '1:8 redis: not the address of a Redis (write redis://host:6379 or rediss://host:6379)',
  ],
  [
    'a network with too long a prefix',
    root('trustProxy: [10.0.0.0/33]'),
    '1:14 trustProxy[0]: "10.0.0.0/33" is not a network (the prefix goes up to /32)',
  ],
  [
    'a network of one interface',
    root("trustProxy: ['fe80::1%eth0']"),
    '1:14 trustProxy[0]: "fe80::1%eth0" is not a network (write 10.0.0.0/8, fd00::/8 or one address)',
  ],
  [
    'a network that is none',
    root('trustProxy: [all]'),
    '1:14 trustProxy[0]: "all" is not a network (write 10.0.0.0/8, fd00::/8 or one address)',
  ],
  [
    'an unknown log level',
    root('log: inof'),
    '1:6 log: "inof" is not debug, info, warn, error or silent (did you mean "info"?)',
  ],
  ['a word for a switch', root('accessLog: yes'), '1:12 accessLog: "yes" is not true or false'],
  [
    'a sample without a percent sign',
    root('tracing: { sample: 0.1 }'),
    '1:20 tracing.sample: 0.1 is not a share like 50%',
  ],
  [
    'a drain without a unit',
    root('drain: { delay: 5 }'),
    '1:17 drain.delay: 5 is not a duration with a unit, like 10s or 500ms (write 5s or 5ms)',
  ],
  [
    'no services',
    'log: info\n',
    '1:1 the config needs "services" (services: { name: { targets: [...], routes: {...} } })',
  ],
  [
    'services that are empty',
    'services:\n',
    '1:10 services: there are none: write name: { targets: [...], routes: {...} }',
  ],
  ['an address that is empty', root('listen:'), '1:8 listen: has no value: a text is expected'],
  ['services that are a list', 'services: []\n', '1:11 services: a list is not a map'],
  ['defaults that are a list', root('defaults: []'), '1:11 defaults: a list is not a map'],
]

const SERVICES: readonly Case[] = [
  ['missing targets', 'services:\n  a:\n    routes: { r: /x }\n', '2:3 services.a needs "targets"'],
  [
    'missing targets of a service named by a route',
    'services:\n  a:\n    routes: { r: { match: /x, service: b } }\n  b:\n    routes: { r: { match: /y, redirect: { to: /x } } }\n',
    '4:3 services.b needs "targets"',
  ],
  ['neither targets nor routes', 'services:\n  a: {}\n', '2:3 services.a needs "targets"'],
  [
    'a service that is a text',
    'services:\n  a: http://a\n',
    '2:6 services.a: "http://a" is not a service (write a map with "targets" and "routes")',
  ],
  [
    'a service that is empty',
    'services:\n  a:\n',
    '2:5 services.a: nothing is not a service (write a map with "targets" and "routes")',
  ],
  [
    'routes that are a list',
    'services:\n  a: { targets: [http://a], routes: [/x] }\n',
    '2:37 services.a.routes: a list is not a map of routes (write name: GET /path)',
  ],
  ['empty targets', targets('[]'), '3:14 services.a.targets: the list is empty'],
  ['targets that are a text', targets('http://a'), '3:14 services.a.targets: "http://a" is not a list'],
  [
    'a target of an unknown scheme',
    targets('[ftp://a]'),
    '3:15 services.a.targets[0]: "ftp://a" is not a target (write http://host:port, https://host:port, h2c://host:port, tcp://host:port or unix:/path)',
  ],
  [
    'an HTTP/2 target with a path',
    targets('["h2c://a/v1"]'),
    '3:15 services.a.targets[0]: "h2c://a/v1" is not a target (a target has no path; "rewrite" changes paths)',
  ],
  [
    'an HTTP/2 target at a disguised address',
    targets('["h2c://0x7f.1:80"]'),
    '3:15 services.a.targets[0]: "h2c://0x7f.1:80" is not a target (write 127.0.0.1)',
  ],
  [
    'a target with a path',
    targets('[http://a/v1]'),
    '3:15 services.a.targets[0]: "http://a/v1" is not a target (a target has no path; "rewrite" changes paths)',
  ],
  [
    'a target without a host',
    targets('["http://:80"]'),
    '3:15 services.a.targets[0]: "http://:80" is not a target (write http://host:port, https://host:port, h2c://host:port, tcp://host:port or unix:/path)',
  ],
  [
    'a weight of zero',
    targets('[{ url: http://a, weight: 0 }]'),
    '3:40 services.a.targets[0].weight: 0 is out of range: more than 0',
  ],
  [
    'a target twice',
    targets('[http://a, { url: "http://A:80", weight: 2 }]'),
    '3:25 services.a.targets[1]: the target http://a is named twice (for a larger share: { url: ..., weight: 2 })',
  ],
  ['a weighted target without a url', targets('[{ weight: 2 }]'), '3:15 services.a.targets[0] needs "url"'],
  [
    'an unknown balance',
    service('balance: random'),
    '3:14 services.a.balance: "random" is not p2c or roundRobin',
  ],
  [
    'HTTP/1.1 with targets that are of HTTP/2',
    'services: { a: { routes: { r: /a }, targets: ["h2c://a"], protocol: http1 } }',
    '1:69 services.a.protocol: contradicts the h2c:// targets (write http:// targets)',
  ],
  [
    'HTTP/2 with targets that are of HTTP/1.1',
    'services: { a: { routes: { r: /a }, targets: ["http://a"], protocol: http2 } }',
    '1:70 services.a.protocol: contradicts the http:// targets (write h2c:// targets for HTTP/2 without TLS)',
  ],
  [
    'a canary above a hundred',
    service('canary: { percent: 101, targets: [http://b] }'),
    '3:24 services.a.canary.percent: 101 is out of range: at most 100',
  ],
  ['a canary without targets', service('canary: { percent: 5% }'), '3:5 services.a.canary needs "targets"'],
  [
    'a canary that sticks to nothing',
    service('canary: { percent: 5, targets: [http://b], stickyBy: header }'),
    '3:58 services.a.canary.stickyBy: "header" is nothing that a client can be known by (write consumer, ip, header:<name> or cookie:<name>)',
  ],
  [
    'a health path without a slash',
    service('health: { path: healthz }'),
    '3:21 services.a.health.path: "healthz" is not a path (it starts with "/" and has no spaces)',
  ],
  [
    'a status that is none',
    service('health: { path: /h, status: [99] }'),
    '3:34 services.a.health.status[0]: 99 is out of range: at least 100',
  ],
  [
    'health checks without a pause',
    service('health: { path: /h, every: 0s }'),
    '3:32 services.a.health.every: 0ms is out of range: at least 100ms',
  ],
  [
    'health checks at every moment',
    service('health: { path: /h, every: 99ms }'),
    '3:32 services.a.health.every: 99ms is out of range: at least 100ms',
  ],
  ...(
    [
      ['health', 'timeout', 'health: { path: /h, timeout: 0s }', 34],
      ['connections', 'connectTimeout', 'connections: { connectTimeout: 0s }', 36],
      ['connections', 'idleTimeout', 'connections: { idleTimeout: 0s }', 33],
      ['ejection', 'window', 'ejection: { window: 0s }', 25],
      ['ejection', 'base', 'ejection: { base: 0ms }', 23],
      ['ejection', 'max', 'ejection: { max: 0h }', 22],
    ] as const
  ).map(
    ([map, key, line, column]): Case => [
      `no time for ${map}.${key}`,
      service(line),
      `3:${column} services.a.${map}.${key}: no time at all is out of range: more than 0ms`,
    ],
  ),
  ...(
    [
      ['health', 'timeout', 'health: { path: /h, timeout: 30d }', 34],
      ['connections', 'connectTimeout', 'connections: { connectTimeout: 30d }', 36],
      ['connections', 'idleTimeout', 'connections: { idleTimeout: 30d }', 33],
    ] as const
  ).map(
    ([map, key, line, column]): Case => [
      `more time for ${map}.${key} than a timer has`,
      service(line),
      `3:${column} services.a.${map}.${key}: 2592000000ms is out of range: at most 1d`,
    ],
  ),
  [
    'a response head of no size',
    service('connections: { headLimit: 10B }'),
    '3:31 services.a.connections.headLimit: 10 bytes is out of range: 1KiB to 1MiB',
  ],
  [
    'an ejection that is true',
    service('ejection: true'),
    '3:15 services.a.ejection: true is not false or a map',
  ],
  [
    'a connection limit of zero',
    service('connections: { max: 0 }'),
    '3:25 services.a.connections.max: 0 is out of range: at least 1',
  ],
]

const HOSTS: readonly Case[] = [
  [
    'a host with a scheme',
    service('host: https://a.com'),
    '3:11 services.a.host: "https://a.com" is not a host (write the name alone, without scheme and path)',
  ],
  [
    'a host with a port',
    service('host: a.com:80'),
    '3:11 services.a.host: "a.com:80" is not a host (write the name alone, without the port)',
  ],
  [
    'a star alone',
    service('host: "*"'),
    '3:11 services.a.host: "*" is not a host (leave "host" out to match any host)',
  ],
  [
    'a star in the middle',
    service('host: a.*.com'),
    '3:11 services.a.host: "a.*.com" is not a host (a "*" may only be the whole first label: *.example.com)',
  ],
  [
    'a host with a space',
    service('host: [ok.com, "a b"]'),
    '3:20 services.a.host[1]: "a b" is not a host (write api.example.com or *.example.com)',
  ],
  [
    'a host twice',
    service('host: [a.com, "*.a.com", A.com]'),
    '3:30 services.a.host[2]: the host "a.com" is named twice',
  ],
  ['no host in a list', service('host: []'), '3:11 services.a.host: the list is empty'],
  [
    'a route that widens the hosts of its service',
    'services:\n  a:\n    host: api.example.com\n    targets: [http://a]\n    routes:\n      r: { match: { path: /x, host: www.example.com } }\n',
    '6:37 services.a.routes.r.match.host: "www.example.com" is not one of the hosts of the service "a" (a route may narrow api.example.com)',
  ],
]

const ROUTES: readonly Case[] = [
  [
    'a route without a match',
    route('retry: {}'),
    '5:7 services.a.routes.r needs "match" (for example match: GET /orders/*)',
  ],
  [
    'a route that is a list',
    withRoute('- /x'),
    '6:9 services.a.routes.r: a list is not a route (write GET /path, or a map with "match")',
  ],
  [
    'a path without a slash',
    route('match: x'),
    '6:16 services.a.routes.r.match: the path "x" must start with "/" (write "/x")',
  ],
  [
    'a method without a path',
    route('match: GET'),
    '6:16 services.a.routes.r.match: "GET" has no path (write "GET /path")',
  ],
  [
    'a lower-case method',
    route('match: get /x'),
    '6:16 services.a.routes.r.match: "get" is not a method (write GET)',
  ],
  [
    'an unknown method',
    route('match: GTE /x'),
    '6:16 services.a.routes.r.match: "GTE" is not a method (did you mean "GET"?)',
  ],
  [
    'a method that is not carried',
    route('match: CONNECT /x'),
    '6:16 services.a.routes.r.match: "CONNECT" is not a method (the gateway does not carry CONNECT)',
  ],
  [
    'a method twice separated',
    route('match: GET||POST /x'),
    '6:16 services.a.routes.r.match: "" is not a method (known: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS)',
  ],
  [
    'a star that is not the end',
    route('match: /a/*/b'),
    '6:16 services.a.routes.r.match: the path "/a/*/b" may hold "*" only as its last segment (write /a/* for /a and everything below)',
  ],
  [
    'a star within a segment',
    route('match: /a*'),
    '6:16 services.a.routes.r.match: the path "/a*" may hold "*" only as its last segment (write /a/* for /a and everything below)',
  ],
  [
    'an empty segment',
    route('match: /a//b'),
    '6:16 services.a.routes.r.match: the path "/a//b" has an empty segment (remove the "//")',
  ],
  [
    'a dot segment',
    route('match: /a/../b'),
    '6:16 services.a.routes.r.match: the path "/a/../b" has a "." or ".." segment',
  ],
  [
    'a query in the path',
    route('match: /a?b=c'),
    '6:16 services.a.routes.r.match: the path "/a?b=c" holds "?", "#", "\\" or a space (a path has none of them)',
  ],
  [
    'a parameter that is none',
    route('match: /a/:b-c'),
    '6:16 services.a.routes.r.match: the path "/a/:b-c" has the parameter ":b-c" (write :id, of letters, digits and _)',
  ],
  [
    'a parameter twice',
    route('match: /:id/:id'),
    '6:16 services.a.routes.r.match: the path "/:id/:id" names ":id" twice (give each parameter its own name)',
  ],
  [
    'a path that is too long',
    route(`match: /${'a'.repeat(2048)}`),
    `6:16 services.a.routes.r.match: the path "/${'a'.repeat(2048)}" is longer than 2048 characters`,
  ],
  [
    'a header name that is none',
    route('match: { path: /x, headers: { "a b": c } }'),
    '6:39 services.a.routes.r.match.headers["a b"]: "a b" is not a header name',
  ],
  [
    'an unknown service',
    route('match: /x\nservice: b'),
    '7:18 services.a.routes.r.service: no service named "b" (did you mean "a"?)',
  ],
  [
    'a rewrite without a slash',
    route('match: /x\nrewrite: v2'),
    '7:18 services.a.routes.r.rewrite: "v2" is not a path (it starts with "/" and has no spaces)',
  ],
  [
    'a redirect to nowhere',
    route('match: /x\nredirect: { to: x }'),
    '7:25 services.a.routes.r.redirect.to: "x" is neither a path nor an http(s) URL',
  ],
  [
    'a redirect that is none',
    route('match: /x\nredirect: { to: /y, status: 200 }'),
    '7:37 services.a.routes.r.redirect.status: 200 is not 301, 302, 303, 307 or 308',
  ],
  [
    'a response with an illegal header',
    route('match: /x\nrespond: { status: 200, headers: { x: "a\\nb" } }'),
    '7:47 services.a.routes.r.respond.headers.x: not a legal header value',
  ],
  ...['Transfer-Encoding', 'connection', 'Content-Length', 'Keep-Alive', 'Upgrade', 'Trailer', 'TE'].map(
    (name): Case => [
      `a response that sets ${name}`,
      route(`match: /x\nrespond: { status: 200, headers: { ${name}: x } }`),
      `7:44 services.a.routes.r.respond.headers.${name}: ${name} belongs to the connection or frames the message: it cannot be set`,
    ],
  ),
  [
    'a response with a Host',
    route('match: /x\nrespond: { status: 200, headers: { Host: a } }'),
    '7:44 services.a.routes.r.respond.headers.Host: an answer has no Host',
  ],
  [
    'a response with a header twice',
    route('match: /x\nrespond: { status: 200, headers: { x-a: b, X-A: c } }'),
    '7:57 services.a.routes.r.respond.headers.X-A: X-A is named twice',
  ],
  [
    'a response with spaces around a header',
    route('match: /x\nrespond: { status: 200, headers: { x-a: " b" } }'),
    '7:49 services.a.routes.r.respond.headers.x-a: a header value has no spaces around it',
  ],
  [
    'a response with a header that is a number',
    route('match: /x\nrespond: { status: 200, headers: { x-a: 1 } }'),
    '7:49 services.a.routes.r.respond.headers.x-a: a header value is text: put it in quotes',
  ],
  ...[204, 205, 304].map(
    (status): Case => [
      `a body beside the status ${status}`,
      route(`match: /x\nrespond: { status: ${status}, body: x }`),
      `7:39 services.a.routes.r.respond.body: an answer with the status ${status} has no body (leave it out)`,
    ],
  ),
  [
    'a response with an interim status',
    route('match: /x\nrespond: { status: 101 }'),
    '7:28 services.a.routes.r.respond.status: 101 is out of range: at least 200',
  ],
  [
    'a response with a status beyond the last',
    route('match: /x\nrespond: { status: 600 }'),
    '7:28 services.a.routes.r.respond.status: 600 is out of range: at most 599',
  ],
  [
    'a redirect that responds',
    route('match: /x\nredirect: { to: /y }\nrespond: { status: 204 }'),
    '8:9 services.a.routes.r.respond: has no effect beside "redirect"',
  ],
  [
    'a response of a service',
    route('match: /x\nrespond: { status: 204 }\nservice: a'),
    '8:9 services.a.routes.r.service: has no effect beside "respond", which answers by itself',
  ],
]

const POLICIES: readonly Case[] = [
  [
    'a bare number for a duration',
    route('match: /x\ntimeout: 10'),
    '7:18 services.a.routes.r.timeout: 10 is not a duration with a unit, like 10s or 500ms (write 10s or 10ms)',
  ],
  [
    'a bad rate',
    route('match: /x\nrateLimit: { limit: 100/minute }'),
    '7:29 services.a.routes.r.rateLimit.limit: "100/minute" is not a rate like 100/min (units: s, min, h, d)',
  ],
  [
    'a bad rate in a list',
    route('match: /x\nrateLimit: [{ limit: 1/s }, { limit: x }]'),
    '7:46 services.a.routes.r.rateLimit[1].limit: "x" is not a rate like 100/min (units: s, min, h, d)',
  ],
  [
    'a rate without its key',
    route('match: /x\nrateLimit: 100/min'),
    '7:20 services.a.routes.r.rateLimit: "100/min" is not a map or a list (write { limit: 100/min })',
  ],
  [
    'a number without its key',
    route('match: /x\nretry: 2'),
    '7:16 services.a.routes.r.retry: 2 is not a map (write { attempts: 2 })',
  ],
  [
    'a word that no key takes',
    route('match: /x\nretry: often'),
    '7:16 services.a.routes.r.retry: "often" is not a map',
  ],
  [
    'a misspelt word',
    route('match: /x\nrateLimit: { limit: 1/s, by: consumr }'),
    '7:38 services.a.routes.r.rateLimit.by: "consumr" is not ip or consumer (did you mean "consumer"?)',
  ],
  [
    'off for a plugin',
    route('match: /x\nretry: off'),
    '7:16 services.a.routes.r.retry: "off" does not switch retry off (write retry: false)',
  ],
  [
    'no for a plugin',
    route('match: /x\nretry: no'),
    '7:16 services.a.routes.r.retry: "no" does not switch retry off (write retry: false)',
  ],
  [
    'nothing for a plugin',
    route('match: /x\nretry:'),
    '7:15 services.a.routes.r.retry: has no value (write {} for its defaults, or false)',
  ],
  ['true for a plugin', route('match: /x\nretry: true'), '7:16 services.a.routes.r.retry: true is not a map'],
  [
    'false where a word is asked for',
    route('match: /x\nauth: false'),
    '7:15 services.a.routes.r.auth: false does not switch auth off (write auth: none)',
  ],
  [
    'another word than the one asked for',
    route('match: /x\nauth: off'),
    '7:15 services.a.routes.r.auth: "off" does not switch auth off (write auth: none)',
  ],
  [
    'an unknown provider',
    `auth: { corp: { type: jwt } }\n${route('match: /x\nauth: { use: crop }')}`,
    '8:22 services.a.routes.r.auth.use: no auth provider named "crop" (defined: corp)',
  ],
  [
    'an unknown kind of provider',
    `auth: { corp: { type: jwtt } }\n${route('match: /x\nauth: corp')}`,
    '1:23 auth.corp.type: "jwtt" is not jwt or apiKey (did you mean "jwt"?)',
  ],
  [
    'a limit by consumer without identity',
    route('match: /x\nrateLimit: { limit: 1/s, by: consumer }'),
    '7:38 services.a.routes.r.rateLimit.by: nobody is identified here (add auth, or say by: ip)',
  ],
  [
    'a route that says nothing of what every route must say',
    `auth: { corp: { type: jwt } }\n${route('match: /x')}`,
    '6:7 services.a.routes.r needs "auth" (or, to leave it out: auth: none)',
  ],
]

describe.each([
  ['keys', KEYS],
  ['the root', ROOTS],
  ['services', SERVICES],
  ['hosts', HOSTS],
  ['routes', ROUTES],
  ['plugins', POLICIES],
])('a mistake in %s is told at its place, alone:', (_name, cases) => {
  it.each(cases)('%s', async (_case, config, told) => {
    expect(await faultsOf(config)).toEqual([told])
  })
})

describe('SSRF', () => {
  it.each([
    'http://169.254.169.254',
    'http://169.254.1.1:80',
    'http://[fd00:ec2::254]',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://metadata.google.internal',
    'file:///etc/passwd',
    'gopher://a',
    'http://evil@good',
    'http://good#@evil',
    'http://good\\@evil',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.1',
    'http://a:0',
    'http://a:99999',
    'unix:relative.sock',
    'unix://host/x.sock',
    'unix:/run/',
    '//a',
    '',
  ])('%j is not a target', async (url) => {
    const told = await faultsOf(targets(`[${JSON.stringify(url)}]`))
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(/^3:15 services\.a\.targets\[0\]: ".*" is not a target \(/)
  })

  it.each([
    ['127.0.0.1:9090', 'http://127.0.0.1:9090'],
    ['127.0.0.1:9090', 'http://localhost:9090'],
    ['127.0.0.1:9090', 'http://admin.localhost:9090'],
    ['127.0.0.1:9090', 'http://127.8.8.8:9090'],
    ['127.0.0.1:9090', 'http://[::1]:9090'],
    ['127.0.0.1:9090', 'http://0.0.0.0:9090'],
    ['127.0.0.1:9090', 'http://[::ffff:127.0.0.1]:9090'],
    ['127.0.0.1:80', 'http://localhost'],
    ['127.0.0.1:443', 'https://localhost'],
    ['admin.internal:9090', 'http://admin.internal:9090'],
  ])('admin %s: the target %s would lead to the gateway itself', async (admin, url) => {
    const told = await faultsOf(`admin: ${admin}\n${targets(`["${url}"]`)}`)
    expect(told).toEqual([
      "4:15 services.a.targets[0]: this is the gateway's own admin address (a client that reached it would count as local)",
    ])
  })

  it('a canary may not lead to the admin address either', async () => {
    const told = await faultsOf(service('canary: { percent: 1, targets: [http://b, http://localhost:9090] }'))
    expect(told).toEqual([expect.stringContaining('services.a.canary.targets[1]: this is the gateway')])
  })

  it('another port of this machine, and another machine with that port, are fine', async () => {
    expect(await faultsOf(targets('[http://localhost:9999, http://orders:9090, unix:/run/a.sock]'))).toEqual(
      [],
    )
  })
})

describe('a dot segment', () => {
  it.each(['/a/..', '/./a', '/%2e%2E/a', '/a/..;x/b', '/.%2e'])(
    'in the spelling %s is refused',
    async (path) => {
      expect(await faultsOf(route(`match: ${path}`))).toEqual([
        expect.stringContaining('has a "." or ".." segment'),
      ])
    },
  )
})

describe('an escape', () => {
  it.each(['%5c', '%3F', '%23', '%00', '%1f', '%7F', '%2561', '%252f'])(
    '%s that the edge refuses cannot be matched',
    async (triplet) => {
      expect(await faultsOf(route(`match: /a${triplet}b`))).toEqual([
        `6:16 services.a.routes.r.match: the path "/a${triplet}b" holds "${triplet}" and can never match (the gateway answers such a request with INVALID_PATH before any route)`,
      ])
    },
  )

  it('of a slash cannot be matched as a text', async () => {
    expect(await faultsOf(route('match: /a%2fb'))).toEqual([
      '6:16 services.a.routes.r.match: the path "/a%2fb" holds "%2f" and can never match (write :name or /* where a request may have it, and encodedSlashes: allow)',
    ])
  })

  it('of a slash is allowed or refused, nothing else', async () => {
    expect(await faultsOf(route('match: /x\nencodedSlashes: allow'))).toEqual([])
    expect(await faultsOf(route('match: /x\nencodedSlashes: decode'))).toEqual([
      expect.stringContaining('services.a.routes.r.encodedSlashes'),
    ])
  })

  it.each(['/a%20b', '/%C3%A4', '/100%25', '/100%'])('is fine in %s', async (path) => {
    expect(await faultsOf(route(`match: ${path}`))).toEqual([])
  })
})

describe('several mistakes', () => {
  it('are told in the order of the file, and none that only follows from another', async () => {
    const told = await faultsOf(`services:
  a:
    host: *.example.com
    targets: [http://a, "\${MISSING}", ftp://c]
    routes:
      r: { match: { path: x, methods: [get] }, retry: { attempts: 0, attemps: 1 } }
      s: { match: /y, retry: { attempts: 9 } }
`)
    expect(told.map((one) => one.split(' (')[0])).toEqual([
      '3:11 services.a.host: *.example.com is an alias in YAML, and no anchor has this name',
      '4:25 services.a.targets[1]: the environment variable MISSING is not set',
      '4:39 services.a.targets[2]: "ftp://c" is not a target',
      '6:27 services.a.routes.r.match.path: the path "x" must start with "/"',
      '6:40 services.a.routes.r.match.methods[0]: "get" is not a method',
      '6:67 services.a.routes.r.retry.attempts: 0 is out of range: at least 1',
      '6:70 unknown key "attemps" in services.a.routes.r.retry',
      '7:42 services.a.routes.r.retry.attempts: 9 is out of range: at most 5'.replace('routes.r', 'routes.s'),
    ])
  })

  it('of an outer level are told once, with the routes that they show at', async () => {
    const told = await faultsOf(`defaults: { rateLimit: { limit: 1/s, by: consumer } }
services:
  a: { targets: [http://a], routes: { r: /r, s: /s, t: { match: /t, rateLimit: false } } }
`)
    expect(told).toEqual([
      '1:42 defaults.rateLimit.by: nobody is identified here (add auth, or say by: ip (in the route a.r and 1 more))',
    ])
  })
})
