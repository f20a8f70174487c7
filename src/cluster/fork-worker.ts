// A worker process, as the primary starts one: the same command once more, with a channel for messages.
import cluster, { type Worker } from 'node:cluster'
import { OutputLines } from './output-lines.ts'
import type { WorkerProcess } from './worker-slot.ts'

/**
 * All workers accept from one listening socket, which the primary holds: what waits in its queue outlives any of them,
 * and a worker that is busy takes less. With connections handed out in turn (Node's default) each worker that died under
 * load left one connection hanging for ever and new connections cost 2.4 times as much; with a socket for each worker
 * (SO_REUSEPORT) the kernel resets what waits in the queue of a dead one.
 */
function setUp(): void {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  // Its errors at start go to the same place as ours; its log goes through us, so that no two lines mix.
  cluster.setupPrimary({ stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
}

/** `write` gets whole lines of the worker's output. Never throws: what cannot be started has ended at once. */
export function forkWorker(write: (lines: string) => void): WorkerProcess {
  setUp()
  let worker: Worker
  try {
    worker = cluster.fork()
  } catch (thrown) {
    return unborn(thrown as Error)
  }
  const { process: child } = worker
  const lines = new OutputLines(write)
  child.stdout?.setEncoding('latin1').on('data', (chunk: string) => lines.add(chunk))
  child.stdout?.on('end', () => lines.end())
  // A channel that breaks is followed by the exit.
  worker.on('error', () => {})
  return {
    pid: child.pid ?? 0,
    send: (message) => {
      if (worker.isConnected()) worker.send(message, () => {})
    },
    kill() {
      // Without a process Node signals whatever id its memory holds: somebody else, or with 0 all of our own group.
      if (child.pid !== undefined) child.kill('SIGKILL')
    },
    onMessage: (listener) => worker.on('message', listener),
    onExit(listener) {
      worker.on('exit', (code, signal) => listener(signal ?? `exit code ${code}`))
      // No process, no exit: without this the slot would wait for one for ever.
      if (child.pid === undefined) worker.on('error', (error) => listener(forget(worker, error)))
    },
  }
}

function unborn(error: Error): WorkerProcess {
  return {
    pid: 0,
    send() {},
    kill() {},
    onMessage() {},
    onExit: (listener) => void setImmediate(listener, howUnborn(error)),
  }
}

function forget(worker: Worker, error: Error): string {
  // node:cluster does so at an exit, and there is none.
  delete cluster.workers?.[worker.id]
  return howUnborn(error)
}

function howUnborn({ message }: Error): string {
  return `cannot be started: ${message}`
}
