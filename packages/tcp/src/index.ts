export { createTcpOffload, type TcpOffload } from './offload/offload.js'
export { seqAdd, seqBetween, seqDiff, seqGe, seqGt, seqLe, seqLt, seqMax, seqMin } from './sequence.js'
