// A thread that makes one call after the other, for calls that may wait: the error number of a foreign call is its thread's own.
import { workerData } from 'node:worker_threads'
import { addressOf, CALL_NAMES, runFirst, systemCall } from './kernel-calls.js'
import { ASKED, CALLING, type CallThreadData, DONE, IDLE, stateOf, valuesOf } from './shared-call.js'

const { shared, wake } = workerData as CallThreadData
const state = stateOf(shared)
const values = valuesOf(shared)
const one = new BigUint64Array([1n])
const oneAddress = addressOf(one)

// A first call, of nothing, so that the next is not slower for what is loaded by it.
systemCall('poll', 0, 0, 0)
runFirst()
Atomics.store(state, 0, IDLE)
for (;;) {
  for (let seen = Atomics.load(state, 0); seen !== ASKED; seen = Atomics.load(state, 0)) Atomics.wait(state, 0, seen)
  const [call = 0, , ...args] = values
  Atomics.store(state, 0, CALLING)
  const name = CALL_NAMES[call]
  values[1] = name === undefined ? -38 : systemCall(name, ...args)
  Atomics.store(state, 0, DONE)
  systemCall('write', wake, oneAddress, 8)
}
