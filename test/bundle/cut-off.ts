import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issue } from '../../src/demo/authority.js'
import { tlsServer } from '../support/tls-server.js'
import { type Ended, linux, start } from './here.js'

/**
 * Run by offline.bundle.ts in a network that has loopback and nothing else: a server that sends its leaf alone, and what
 * somebody does about it at night. Prints what came of each step as JSON.
 */
export interface Step extends Ended {
  readonly step: string
  /** What the kernel counted meanwhile. */
  readonly sent: { readonly connections: number; readonly datagrams: number; readonly withoutRoute: number }
  /** Files of its kit. */
  readonly kit: readonly string[]
}

const [, , folder] = process.argv as string[]
const name = 'sts.contoso.com'
const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({
  subject: name,
  issuer: issuing,
  names: [name],
  caIssuers: ['http://pki.contoso.com/issuing.cer'],
})
const write = (file: string, text: string | Uint8Array) => writeFileSync(join(folder!, file), text)
write('root.pem', root.pem)
mkdirSync(join(folder!, 'stick'))
write('stick/issuing.cer', issuing.der)
write(
  'ccadb.csv',
  `"CA Owner","Certificate Name","Revocation Status","PEM Info"\n"Contoso","Contoso Issuing CA","Not Revoked","'${issuing.pem.trim()}'"\n`,
)

/** Of this network alone: nobody else is in it. */
function counted(): Step['sent'] {
  const lines = readFileSync('/proc/net/snmp', 'utf8').split('\n')
  const of = (protocol: string, what: string) => {
    const [names, values] = lines.filter((line) => line.startsWith(`${protocol}: `))
    return Number(values!.split(' ')[names!.split(' ').indexOf(what)])
  }
  return {
    connections: of('Tcp', 'ActiveOpens'),
    datagrams: of('Udp', 'OutDatagrams'),
    withoutRoute: of('Ip', 'OutNoRoutes'),
  }
}

const steps: Step[] = []
async function take(step: string, ...args: readonly string[]): Promise<void> {
  const before = counted()
  const ended = await start(linux, args, { cwd: folder!, env: { PATH: '/nowhere' } })
  const after = counted()
  const kit = args[args.indexOf('--kit') + 1]!
  steps.push({
    step,
    ...ended,
    sent: {
      connections: after.connections - before.connections,
      datagrams: after.datagrams - before.datagrams,
      withoutRoute: after.withoutRoute - before.withoutRoute,
    },
    kit: args.includes('--kit') ? readdirSync(join(folder!, kit)) : [],
  })
}

const broken = await tlsServer([leaf])
const ask = (port: number) => [name, '--server', `127.0.0.1:${port}`, '--trust-anchor', 'root.pem']
await take('alone', ...ask(broken.port), '--offline', '--kit', 'kit-0')
await take('folder', ...ask(broken.port), '--offline', '--intermediates', 'stick', '--kit', 'kit-1')
await take('ccadb', ...ask(broken.port), '--offline', '--intermediates', 'ccadb.csv', '--kit', 'kit-2')
await take('json', ...ask(broken.port), '--offline', '--intermediates', 'stick', '--format', 'json')
await take('explain', 'explain', 'missing a required certificate')
await take('file', 'file', 'root.pem', '--name', name, '--offline')
await take('online', ...ask(broken.port))
await broken.close()
const mended = await tlsServer([leaf, issuing])
await take('mended', ...ask(mended.port), '--offline')
await mended.close()
await take('demo', 'demo')
process.stdout.write(JSON.stringify(steps))
