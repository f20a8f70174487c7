// Milliseconds since 1970 as the pair of seconds and nanoseconds that OpenTelemetry works with.

export function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
