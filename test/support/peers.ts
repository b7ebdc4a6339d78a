import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/**
 * Programs of others that tests talk to. Their own configuration files are kept out: distributions forbid old
 * protocols there, and the tests are about what a server of any age sends.
 */
const environment = {
  ...process.env,
  OPENSSL_CONF: '/dev/null',
  PATH: [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter),
}

/** Whether a program is here. In CI every one must be: there a missing peer is a failure, not a skipped row. */
export function has(program: string): boolean {
  if (process.env.CI) return true
  try {
    execFileSync('which', [program], { env: environment, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Whether servers can be built on mbedTLS, for which Debian has no program of its own. */
export const hasMbedtls = (): boolean =>
  has('gcc') && (process.env.CI !== undefined || existsSync('/usr/include/mbedtls/ssl.h'))

/** Builds `mbedtls-server.c`; the program lies in the workspace. */
export function buildMbedtlsServer(workspace: Workspace): string {
  const program = join(workspace.path, 'mbedtls-server')
  const source = join(import.meta.dirname, 'mbedtls-server.c')
  execFileSync('gcc', [source, '-o', program, '-lmbedtls', '-lmbedx509', '-lmbedcrypto'])
  return program
}

/** A folder for one server's files; removed by `stop`. */
export class Workspace {
  readonly path = mkdtempSync(join(tmpdir(), 'adfs-check-'))

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name)
    writeFileSync(file, content)
    return file
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export interface RunningServer {
  readonly port: number
  /** Standard output and error so far. */
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** Starts a server program on a free port and waits until it accepts connections. */
export async function startProgram(
  program: string,
  argumentsFor: (port: number) => readonly string[],
  workspace: Workspace,
): Promise<RunningServer> {
  const port = await freePort()
  const child = spawn(program, argumentsFor(port), { env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output += chunk.toString('latin1')
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.stdin.on('error', () => {})
  const died = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)))
  })
  died.catch(() => {})
  const stop = () => stopProgram(child, workspace)
  try {
    await Promise.race([accepting(port), died])
  } catch (error) {
    await stop()
    throw error
  }
  return { port, output: () => output, stop }
}

async function stopProgram(child: ChildProcess, workspace: Workspace): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  workspace.remove()
}

async function accepting(port: number): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await canConnect(port))) {
    if (Date.now() > deadline) throw new Error(`nothing accepts connections on port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.end()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Everything that a client of today has switched off, so that it sees what servers of yesterday send. */
const lenient = [
  '-min_protocol',
  'TLSv1',
  '-cipher',
  'ALL:@SECLEVEL=0',
  '-sigalgs',
  'ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:rsa_pss_pss_sha256:ed25519:RSA+SHA256:RSA+SHA1:ECDSA+SHA1:DSA+SHA1:DSA+SHA256',
]

/** The certificates that `openssl s_client -showcerts` receives, DER in the order sent. */
export async function chainSeenByOpenssl(port: number, serverName: string): Promise<Buffer[]> {
  const target = ['-connect', `127.0.0.1:${port}`, '-servername', serverName]
  const client = spawn('openssl', ['s_client', ...target, '-showcerts', ...lenient], { env: environment })
  let output = ''
  client.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1')
  })
  client.stderr.resume()
  client.stdin.on('error', () => {})
  client.stdin.end()
  await once(client, 'close')
  const blocks = /Certificate chain([\s\S]*?)\n---\n/.exec(output)?.[1] ?? ''
  return [...blocks.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/g)].map((block) =>
    Buffer.from(block[1]!, 'base64'),
  )
}
