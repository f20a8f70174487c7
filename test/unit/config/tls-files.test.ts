// The files under `tls` of a service: missing, unreadable, swapped or useless ones are told before anything connects.
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../../src/config/load.ts'
import { makeCertificate } from '../upstream/certificates.ts'
import { type Files, faultsOf, load, testPlugins, writeFiles } from './config-under-test.ts'

const config = (tls: string, targets = 'https://a') =>
  `services:\n  a:\n    tls: { ${tls} }\n    targets: [${targets}]\n    routes: { r: /x }\n`

function files(tls: string, targets?: string): Files {
  const { cert, key } = makeCertificate(['a'])
  return {
    'turnpike.yaml': config(tls, targets),
    'cert.pem': cert,
    'key.pem': key,
    'other.pem': makeCertificate(['a']).key,
    'cert.der': new X509Certificate(cert).raw as unknown as string,
    'rubbish.pem': '-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n',
    'empty.pem': '',
  }
}

/** `written` below `tls`, and what is told, without where. */
const CASES: readonly (readonly [written: string, ...told: string[]])[] = [
  ['ca: cert.pem, cert: cert.pem, key: key.pem, serverName: a'],
  ['ca: none.pem', 'tls.ca: FOLDER/none.pem does not exist'],
  ['ca: .', 'tls.ca: FOLDER is not a file'],
  ['ca: rubbish.pem', 'tls.ca: the file holds no certificate (write one in PEM)'],
  ['ca: cert.der', 'tls.ca: the file holds no certificate (write one in PEM)'],
  ['ca: empty.pem', 'tls.ca: the file holds no certificate (write one in PEM)'],
  ['cert: cert.pem', 'tls.cert: needs "key" beside it'],
  ['key: key.pem', 'tls.key: needs "cert" beside it'],
  [
    'cert: none.pem, key: none.pem',
    'tls.cert: FOLDER/none.pem does not exist',
    'tls.key: FOLDER/none.pem does not exist',
  ],
  ['cert: rubbish.pem, key: key.pem', 'tls.cert: the file holds no certificate (write one in PEM)'],
  [
    'cert: cert.pem, key: empty.pem',
    'tls.key: the file holds no key without a passphrase (write one in PEM)',
  ],
  ['cert: cert.pem, key: other.pem', 'tls.key: does not belong to "cert"'],
]

describe('tls', () => {
  it.each(CASES)('{ %s } is told as it is', async (written, ...told) => {
    const lines = await faultsOf(files(written))
    const plain = lines.map((line) =>
      line.replace(/^\S+ services\.a\./, '').replace(/\/\S*turnpike-config-\w+/, 'FOLDER'),
    )
    expect(plain.map((line) => line.replace(/^(tls\.\w+: )(none\.pem)/, '$1FOLDER/$2'))).toEqual(told)
  })

  it('beside targets that are all http:// or unix: is a mistake', async () => {
    expect(await faultsOf(files('ca: cert.pem', 'http://a, "unix:/run/a"'))).toEqual([
      '3:5 services.a.tls: has no effect: no target is https:// (write https:// targets, or remove it)',
    ])
    expect(await faultsOf(files('ca: cert.pem', 'http://a, https://b'))).toEqual([])
  })

  it('for a canary alone is none', async () => {
    const text = config('serverName: a', 'http://a').replace(
      '    routes',
      '    canary: { percent: 1, targets: [https://b] }\n    routes',
    )
    expect(await faultsOf(text)).toEqual([])
  })

  it('has its files watched, so that one that comes later is noticed', async () => {
    const { files: watched } = await load(files('ca: none.pem'))
    expect(watched.map((file) => file.split('/').at(-1))).toContain('none.pem')
  })

  it('is another one when a file is renewed: for the config as a whole, and for its service', async () => {
    const folder = writeFiles(files('ca: cert.pem'))
    const read = async () => {
      const { configuration } = await loadConfiguration(join(folder, 'turnpike.yaml'), {
        plugins: testPlugins,
        env: {},
      })
      return { hash: configuration!.hash, tls: configuration!.services.get('a')!.tls }
    }
    const first = await read()
    expect(await read()).toEqual(first)
    const renewed = makeCertificate(['a']).cert
    writeFileSync(join(folder, 'cert.pem'), renewed)
    const second = await read()
    expect(second.hash).not.toBe(first.hash)
    const digest = expect.not.stringContaining(first.tls!.digest)
    expect(second.tls).toEqual({ ca: Buffer.from(renewed), digest })
  })
})
