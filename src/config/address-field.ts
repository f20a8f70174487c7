// Addresses that the gateway listens on, and the networks that it trusts.
import { isIP } from 'node:net'
import { isAddressRange } from '../address-ranges.ts'
import { readListenAddress } from '../listen-address.ts'
import { type Refusal, textField } from './text-field.ts'

export const address = textField(
  (text) =>
    readListenAddress(text)
      ? { value: text }
      : { message: `${JSON.stringify(text)} is not an address`, hint: 'write :8080 or 127.0.0.1:8080' },
  (number) => `${number} is not an address: write ":${number}"`,
)

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export const network = textField(readNetwork)

function readNetwork(text: string): { readonly value: string } | Refusal {
  if (isAddressRange(text)) return { value: text }
  const [ip = ''] = text.split('/', 1)
  const family = ip.includes('%') ? 0 : isIP(ip)
  const hint =
    family > 0
      ? `the prefix goes up to /${family === 6 ? 128 : 32}`
      : 'write 10.0.0.0/8, fd00::/8 or one address'
  return { message: `${JSON.stringify(text)} is not a network`, hint }
}
