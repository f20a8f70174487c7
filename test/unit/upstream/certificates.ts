// Certificates made at test time, with nothing but node: each its own issuer, so that it can be trusted alone.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TlsSettings } from '../../../src/upstream/settings.ts'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000
// ITU-T X.690: identifiers as they stand in a certificate (RFC 5280 sections 4.1 and 4.2.1, RFC 5758).
const ECDSA_SHA256 = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03]
const SUBJECT_ALT_NAME = [0x06, 0x03, 0x55, 0x1d, 0x11]
const BASIC_CONSTRAINTS = [0x06, 0x03, 0x55, 0x1d, 0x13]
const IS_CA = [0x30, 0x03, 0x01, 0x01, 0xff]

/** With files that are gone when the test has finished. */
export function makeCertificate(names: readonly string[], validDays = 1): Certificate {
  const { cert, key } = issueCertificate(names, validDays)
  return { cert, key, ...writeFiles(cert, key) }
}

/** The settings of a client that trusts this certificate alone. */
export function trusting({ cert }: Pick<Certificate, 'cert'>, more: Partial<TlsSettings> = {}): TlsSettings {
  return { ca: Buffer.from(cert), digest: cert, ...more }
}

/** `names` are host names and addresses; valid from yesterday until `validDays` from now. */
export function issueCertificate(names: readonly string[], validDays = 1): Pick<Certificate, 'cert' | 'key'> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = signedPart(names, publicKey, validDays)
  const signature = sign('sha256', signed, privateKey)
  const der = tlv(0x30, signed, tlv(0x30, ECDSA_SHA256), tlv(0x03, [0], signature))
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { cert, key }
}

function signedPart(names: readonly string[], publicKey: KeyObject, validDays: number): Buffer {
  const name = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(0x0c, Buffer.from('test')))))
  const validity = tlv(0x30, time(Date.now() - DAY_MS), time(Date.now() + validDays * DAY_MS))
  const extensions = tlv(
    0x30,
    tlv(0x30, BASIC_CONSTRAINTS, tlv(0x04, IS_CA)),
    tlv(0x30, SUBJECT_ALT_NAME, tlv(0x04, tlv(0x30, ...names.map(altName)))),
  )
  const version = tlv(0xa0, tlv(0x02, [2]))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = tlv(0x30, ECDSA_SHA256)
  return tlv(0x30, version, tlv(0x02, [1]), algorithm, name, validity, name, spki, tlv(0xa3, extensions))
}

function altName(name: string): Buffer {
  if (isIP(name) === 0) return tlv(0x82, Buffer.from(name))
  if (isIP(name) === 4) return tlv(0x87, name.split('.').map(Number))
  return tlv(0x87, ipv6Bytes(name))
}

/** The mapped form alone: what a test needs where there may be no IPv6. */
function ipv6Bytes(name: string): number[] {
  const ipv4 = name.replace('::ffff:', '').split('.').map(Number)
  return [...Array.from({ length: 10 }, () => 0), 0xff, 0xff, ...ipv4]
}

function time(epochMs: number): Buffer {
  const text = new Date(epochMs).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tlv(0x17, Buffer.from(text.slice(2)))
}

function tlv(tag: number, ...parts: (Buffer | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function writeFiles(cert: string, key: string): { certFile: string; keyFile: string } {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  writeFileSync(files.certFile, cert)
  writeFileSync(files.keyFile, key)
  return files
}
