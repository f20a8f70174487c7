// The bytes that a generator sends.
import { describe, expect, it } from 'vitest'
import { requestBytes, requestHead } from '../../../../bench/load/request-bytes.ts'

describe('a request', () => {
  it('is a plain GET of the root unless told otherwise', () => {
    expect(requestHead()).toBe(
      'GET / HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: turnpike-bench\r\nAccept: */*\r\n\r\n',
    )
  })

  it('names host, path, headers and the length of its body', () => {
    const head = requestHead({
      method: 'POST',
      path: '/up',
      host: 'h1.test',
      headers: { Authorization: 'Bearer t' },
      bodyBytes: 3,
    })
    expect(head.split('\r\n')).toEqual([
      'POST /up HTTP/1.1',
      'Host: h1.test',
      'User-Agent: turnpike-bench',
      'Accept: */*',
      'Authorization: Bearer t',
      'Content-Length: 3',
      '',
      '',
    ])
  })

  it('carries as many bytes of a body as asked for', () => {
    expect(requestBytes('head', 3).toString()).toBe('headxxx')
    expect(requestBytes('head').toString()).toBe('head')
  })
})
