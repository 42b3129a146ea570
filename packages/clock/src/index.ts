export type { Clock, RandomSource, RunLoop, Task, Timer, TimerOptions } from './clock.js'
