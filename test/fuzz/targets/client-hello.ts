// A ClientHello is incomplete, invalid, or names a server: and more bytes never make another name of it.
import assert from 'node:assert/strict'
import { type Hello, readClientHello } from '../../../src/tcp/client-hello.ts'
import type { FuzzTarget } from '../fuzzer.ts'

export const clientHello: FuzzTarget = {
  name: 'client-hello',
  maxBytes: 1024,
  runsInCi: 40_000,
  dictionary: [
    ...[
      '\x16\x03\x01',
      '\x01\0',
      '\x03\x03',
      '\0\0',
      '\0\x01',
      '\0\x02',
      '\x13\x01',
      '\x01\0\x02',
      '\xff\xff',
    ],
    ...['\0\0\0\x0b\0\x09\0\0\x06a.test', 'a.test', '.', '-', 'A', '127.0.0.1'],
  ],
  run(input) {
    const hello = readClientHello(input)
    assert.ok(['incomplete', 'hello', 'invalid'].includes(hello.kind))
    if (hello.kind === 'hello') assert.match(hello.serverName ?? 'none', /^[a-z0-9_.-]{1,253}$/)
    for (const part of [0.25, 0.5, 0.75]) {
      const earlier = readClientHello(input.subarray(0, Math.floor(part * input.length)))
      if (earlier.kind !== 'incomplete') assert.deepEqual(settled(hello), settled(earlier))
    }
  },
}

/** What was decided stays decided. */
function settled(hello: Hello): unknown {
  return hello.kind === 'hello' ? hello.serverName : hello.kind
}
