// A PROXY header is incomplete, invalid, or names a client; what was decided stays, and what follows it means nothing.
import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { encodeProxyHeader, type ProxiedConnection } from '../../../src/proxy-protocol.ts'
import { readProxyHeader } from '../../../src/read-proxy-header.ts'
import type { FuzzTarget } from '../fuzzer.ts'

/** A head of version 2 and the longest block that is read behind it. */
const LONGEST = 16 + 4096

export const proxyHeader: FuzzTarget = {
  name: 'proxy-header',
  maxBytes: 5000,
  runsInCi: 40_000,
  dictionary: [
    ...['PROXY ', 'TCP4 ', 'TCP6 ', 'UNKNOWN', '\r\n', '203.0.113.7 ', '2001:db8::7 ', '443', ' ', '%eth0'],
    ...['\r\n\r\n\0\r\nQUIT\n', '\x21\x11\0\x0c', '\x21\x21\0\x24', '\x20\0\0\0', '\x21\x31', '\x10\0'],
  ],
  run(input) {
    const whole = readProxyHeader(input)
    for (const part of [0.25, 0.5, 0.75, 0.9]) {
      const earlier = readProxyHeader(input.subarray(0, Math.floor(part * input.length)))
      if (earlier.kind !== 'incomplete') assert.deepEqual(whole, earlier)
    }
    if (whole.kind === 'incomplete') assert.ok(input.length < LONGEST)
    if (whole.kind !== 'header') return
    assert.ok(whole.length <= input.length)
    assert.deepEqual(readProxyHeader(input.subarray(0, whole.length)), whole)
    assert.equal(readProxyHeader(input.subarray(0, whole.length - 1)).kind, 'incomplete')
    if (whole.connection) assertMeaning(whole.connection)
  },
}

/** Said again, it is the same client. */
function assertMeaning(connection: ProxiedConnection): void {
  const { sourceAddress, sourcePort, destinationAddress, destinationPort } = connection
  assert.ok(isIP(sourceAddress) > 0 && isIP(sourceAddress) === isIP(destinationAddress))
  for (const port of [sourcePort, destinationPort]) assert.ok(port >= 0 && port <= 65_535)
  const again = readProxyHeader(encodeProxyHeader('v2', connection))
  assert.ok(again.kind === 'header' && again.connection?.sourcePort === sourcePort)
  assert.deepEqual(readProxyHeader(encodeProxyHeader('v1', again.connection)), {
    kind: 'header',
    length: encodeProxyHeader('v1', again.connection).length,
    connection: again.connection,
  })
}
