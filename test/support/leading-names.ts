// Names that lead where a test says, for as long as no mock is restored.
import dns from 'node:dns'
import { vi } from 'vitest'

type Done = (error: null, found: unknown, family?: number) => void

/** All names lead there from now on. */
export function leadNamesTo(...addresses: readonly string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, options: dns.LookupOptions, done: Done) => {
    setImmediate(() => (options.all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)))
  }) as never)
}

/** Where machines of a cloud keep their credentials. */
export const METADATA = ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '::ffff:169.254.169.254'] as const
