import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { contentProblems, type PackedManifest } from './contents.js'

const run = promisify(execFile)

/** A package as it would be published. */
export interface Tarball {
  /** The file, an absolute path. */
  readonly file: string
  readonly files: readonly string[]
  /** Bytes as downloaded. */
  readonly packed: number
  /** Bytes as installed. */
  readonly unpacked: number
  readonly manifest: PackedManifest
}

/** The command that packs: the pnpm at hand, or one fetched for it. */
export function packer(): readonly string[] {
  return spawnSync('pnpm', ['--version']).error === undefined ? ['pnpm'] : ['npx', '-y', 'pnpm@12']
}

/** Packs the package in a folder into `destination`. */
export async function pack(command: readonly string[], folder: string, destination: string): Promise<Tarball> {
  const [program = 'pnpm', ...first] = command
  const options = ['pack', '--json', '--pack-destination', destination]
  const { stdout } = await run(program, [...first, ...options], { cwd: folder })
  const { filename } = JSON.parse(stdout) as { filename: string }
  const compressed = readFileSync(filename)
  const contents = unpack(gunzipSync(compressed))
  const manifest = contents.get('package.json')
  if (manifest === undefined) throw new Error(`${filename} has no package.json`)
  let unpacked = 0
  for (const bytes of contents.values()) unpacked += bytes.length
  return {
    file: filename,
    files: [...contents.keys()].sort(),
    packed: compressed.length,
    unpacked,
    manifest: JSON.parse(manifest.toString()) as PackedManifest,
  }
}

/** The files of a tar archive (POSIX 1003.1 ustar), without the folder `package/` that npm puts around them. */
export function unpack(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, length: number): string => {
      const field = tar.subarray(at + from, at + from + length).toString()
      const end = field.indexOf('\0')
      return end < 0 ? field : field.slice(0, end)
    }
    const size = Number.parseInt(text(124, 12), 8)
    if (!Number.isInteger(size)) throw new Error('a tar header has no size')
    const prefix = text(345, 155)
    const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
    const type = text(156, 1)
    if (type === '' || type === '0') files.set(name.replace(/^package\//, ''), tar.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

/** Everything that is wrong with a package: its files, what publint says, what "are the types wrong" says. */
export async function problemsOf(root: string, tarball: Tarball): Promise<string[]> {
  const problems = contentProblems(tarball.files, tarball.manifest)
  const bytes = readFileSync(tarball.file)
  const archive = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const { messages, pkg } = await publint({ pack: { tarball: archive }, strict: true })
  for (const message of messages) {
    problems.push(`publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`)
  }
  const types = spawnSync(
    join(root, 'node_modules/.bin/attw'),
    [tarball.file, '--profile', 'esm-only', '--format', 'ascii', '--no-color', '--no-emoji'],
    { encoding: 'utf8' },
  )
  if (types.status !== 0) problems.push(`attw: ${types.stdout}${types.stderr}${types.error?.message ?? ''}`.trim())
  return problems
}
