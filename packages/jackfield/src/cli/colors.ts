import picocolors from 'picocolors'

type Colors = ReturnType<typeof picocolors.createColors>

/** Colours on a terminal alone: left to itself picocolors would colour the logs of CI, too. */
function colorsOf(stream: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const wanted = Boolean(FORCE_COLOR) || (stream.isTTY === true && TERM !== 'dumb')
  return picocolors.createColors(!NO_COLOR && wanted)
}

/** For what is printed to the standard output. */
export const outputColors: Colors = colorsOf(process.stdout)

/** For what is printed to the standard error output. */
export const errorColors: Colors = colorsOf(process.stderr)
