import { Command, CommanderError } from 'commander'
import { errorColors } from './colors.js'
import { demoCommand } from './demo.js'
import { ExitError } from './exit-error.js'
import { packetdrillCommand } from './packetdrill.js'
import { upCommand } from './up.js'
import { version } from './version.js'

/** Exit status for a command line that makes no sense, as of most tools; 1 is for what failed when run. */
const USAGE = 2

const program = new Command('jackfield')
  .description('A TCP/IP stack without a kernel, on a TUN or TAP device or in memory.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(try jackfield --help)')
  .configureOutput({ outputError: (text, write) => write(errorColors.red(text)) })
  .enablePositionalOptions()

for (const command of [upCommand(), demoCommand(), packetdrillCommand()]) {
  program.addCommand(command.exitOverride().showHelpAfterError(`(try jackfield ${command.name()} --help)`))
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its own message; help and version end well.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE
  } else {
    process.stderr.write(`${errorColors.red(`jackfield: ${error instanceof Error ? error.message : String(error)}`)}\n`)
    process.exitCode = error instanceof ExitError ? error.status : 1
  }
}
