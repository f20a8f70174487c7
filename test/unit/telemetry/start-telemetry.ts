// Telemetry with a clock and a log that a test controls, and its metrics read back.
import { createTelemetry, type Telemetry, type TelemetryOptions } from '../../../src/telemetry/telemetry.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LogLines } from './log-lines.ts'
import { type ReadMetrics, readPrometheus } from './prometheus-reader.ts'

export interface Started {
  readonly telemetry: Telemetry
  readonly clock: FakeClock
  readonly log: LogLines
  metrics(): Promise<ReadMetrics>
}

export async function startTelemetry(change: Partial<TelemetryOptions> = {}): Promise<Started> {
  const clock = new FakeClock()
  const log = new LogLines()
  const telemetry = await createTelemetry({
    clock,
    logLevel: 'info',
    accessLog: true,
    sample: 1,
    env: {},
    version: '1.2.3',
    destination: log,
    ...change,
  })
  return {
    telemetry,
    clock,
    log,
    metrics: async () => readPrometheus((await telemetry.metricsText()).join('')),
  }
}
