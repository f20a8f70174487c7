// Limits as a config without a word about them has.
import { toLimits } from '../../../src/config/to-limits.ts'
import type { ClientLimits } from '../../../src/edge/client-limits.ts'

export const LIMITS: ClientLimits = toLimits()
