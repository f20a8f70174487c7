// One line of JSON per raw connection, when it is over: written field by field, like that of a request.
import type { ConnectionFacts } from '../connection-facts.ts'
import type { Clock } from '../plugin.ts'
import { isoTime } from './access-log.ts'
import { jsonMs, jsonNumber, jsonText } from './json-text.ts'
import type { LogSink } from './log-sink.ts'

const MAX_NAME = 256

export function connectionLog(clock: Clock, sink: LogSink): (facts: ConnectionFacts) => void {
  const time = isoTime(clock)
  return ({ listener, clientIp, serverName, service, target, bytesIn, bytesOut, durationMs, cause }) => {
    const names = text('serverName', serverName) + text('service', service) + text('target', target)
    sink.write(
      `{"level":"info","time":"${time()}","msg":"connection"${text('listener', listener)}` +
        `${text('clientIp', clientIp)}${names},"bytesIn":${jsonNumber(bytesIn)}` +
        `,"bytesOut":${jsonNumber(bytesOut)}${text('cause', cause)},"durationMs":${jsonMs(durationMs)}}\n`,
    )
  }
}

function text(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${jsonText(value, MAX_NAME)}`
}
