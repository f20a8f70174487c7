// Who has the core first where several programs share it.
import { execFileSync } from 'node:child_process'

/**
 * Their main threads run as soon as they have something to do; a measurement needs root for that. Beside them slowhttptest
 * polls without a rest, and Linux lets it go on until the next tick, up to 4 ms later, when who wakes up has had more than a
 * fair share before, however little the other one counts.
 */
export function runFirst(pids: readonly number[]): void {
  for (const pid of pids)
    execFileSync('chrt', ['--reset-on-fork', '--fifo', '--pid', '1', String(pid)], { stdio: 'ignore' })
}

/**
 * Elsewhere it is on other machines, and takes nothing from those that are measured. The lowest niceness is not enough: what
 * wakes up beside it waits, as the kernel does not take its core for a free one.
 */
export function runWhenIdle(): void {
  execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)])
}
