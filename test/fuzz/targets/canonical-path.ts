// A path is refused as INVALID_PATH, or there is one opinion about it.
import assert from 'node:assert/strict'
import { canonicalPath, withoutParameters } from '../../../src/edge/canonical-path.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { FuzzTarget } from '../fuzzer.ts'

const LEGAL = /^\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*$/

export const canonicalPathTarget: FuzzTarget = {
  name: 'canonical-path',
  maxBytes: 256,
  runsInCi: 40_000,
  dictionary: [
    ...['/', '.', '..', ';', '\\', '%', '%2e', '%2F', '%5c', '%25', '%00', '%20', '%3b', '%3F', '%23', '%41'],
    ...['%252e', '%c0%ae', '//', '/../', '/./', '..;', ';x=1', 'admin', '%ff', '\0', '?', '#'],
  ],
  run(input) {
    const canonical = accepted(input.toString('latin1'))
    if (canonical === undefined) return
    assert.match(canonical, LEGAL)
    assert.equal(accepted(canonical), canonical)
    const segments = withoutParameters(canonical).split('/')
    // Only the last may be empty, and none may move up or stay.
    assert.ok(segments.slice(1, -1).every((segment) => segment !== ''))
    assert.ok(segments.every((segment) => !/^\.{1,2}$/.test(segment)))
    assert.equal(decodeURLs(canonical).split('/').length, canonical.split('/').length)
  },
}

function accepted(path: string): string | undefined {
  try {
    return canonicalPath(path)
  } catch (thrown) {
    assert.ok(thrown instanceof GatewayError && thrown.code === 'INVALID_PATH')
    return undefined
  }
}

/** As a URL parser sees it, which turns backslashes and resolves dots. */
function decodeURLs(path: string): string {
  return new URL(path, 'http://gw.test').pathname
}
