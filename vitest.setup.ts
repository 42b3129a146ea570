import { setPacketChecks } from '@jackfield/packet'

setPacketChecks(true)
