/** The `package.json` inside a tarball, as far as it is checked here. */
export interface PackedManifest {
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const NEEDED = ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']

/** What is wrong with the files of a package to be published: what is missing, what nobody needs. */
export function contentProblems(files: readonly string[], manifest: PackedManifest): string[] {
  const problems: string[] = []
  for (const file of NEEDED) if (!files.includes(file)) problems.push(`${file} is missing`)
  const programs = Object.values(manifest.bin ?? {}).map((file) => file.replace(/^\.\//, ''))
  for (const file of programs) if (!files.includes(file)) problems.push(`${file} is missing, and bin names it`)
  for (const file of files) {
    if (NEEDED.includes(file) || programs.includes(file) || /^dist\/[^/]+(\.d\.ts|\.js)$/.test(file)) continue
    problems.push(`${file} is not needed: a package is dist, README.md, LICENSE and package.json`)
  }
  const sections = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies]
  for (const section of sections) {
    for (const [name, range] of Object.entries(section ?? {})) {
      if (range.startsWith('workspace:')) problems.push(`the range of ${name} is still "${range}"`)
    }
  }
  return problems
}
