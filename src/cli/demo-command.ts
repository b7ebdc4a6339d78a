import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../check.js'
import { readCertificates } from '../containers/bundle.js'
import { type Farm, startFarm } from '../demo/farm.js'
import { inAscii, paint, wrap } from '../formats/terminal-text.js'
import { writeReportKit } from '../kit/report-kit.js'
import type { Report } from '../report/report.js'
import { renderText } from '../report/text.js'
import { exitCodes } from './exit-code.js'
import type { Machine } from './machine.js'
import { textStyle } from './terminal.js'

export interface DemoFlags {
  readonly keep?: boolean
  readonly kit?: string
  readonly color?: boolean
  readonly ascii?: boolean
}

/**
 * The whole job on a farm of its own: check, write the kit, apply it, check again. Everything but the farm is what
 * users run. Returns the exit code of the second check.
 */
export async function demoCommand(flags: DemoFlags, machine: Machine): Promise<number> {
  const style = textStyle(machine, machine.out, flags)
  const say = (text: string) => {
    machine.out.write(style.unicode ? text : inAscii(text))
  }
  const title = (text: string) => say(`${paint(style, 'bold', `== ${text}`)}\n\n`)
  const farm = await startFarm()
  try {
    const folder = await mkdtemp(join(tmpdir(), 'adfs-check-demo-'))
    const anchorFile = join(folder, 'demo-root.pem')
    await writeFile(anchorFile, farm.root.pem)
    title('A farm of three servers on loopback, with a private PKI of its own')
    for (const { role, address, port } of farm.servers) say(`   ${address}:${port}  ${role}\n`)
    const command = `adfs-check ${farm.name} ${farm.servers.map(({ address, port }) => `--server ${address}:${port}`).join(' ')} --trust-anchor ${anchorFile} --aia-allow-private --no-proxy`
    say(
      `\n${wrap(`The phones of this demo trust "Contoso Demo Root CA". On a real farm you would run "adfs-check sts.contoso.com"; here it is:`, style.columns, '   ')}\n\n`,
    )
    say(`   ${command}\n\n`)
    if (flags.keep) return await keepRunning(farm, say, machine)

    title('1. Check')
    const kitFolder = flags.kit ?? join(folder, 'kit')
    const broken = await writeReportKit(await checkFarm(farm, machine), kitFolder)
    say(renderText(broken, style))

    say('\n')
    title('2. Apply the kit: import its .cer files on each server and restart')
    const imported = await certificatesIn(kitFolder)
    for (const server of farm.servers) server.importIntermediates(imported)
    say(
      `   ${imported.length} intermediate certificate${imported.length === 1 ? '' : 's'} from ${kitFolder} on ${farm.servers.length} servers\n\n`,
    )

    title('3. Check again')
    const repaired = await checkFarm(farm, machine)
    say(renderText(repaired, style))
    return exitCodes[repaired.verdict]
  } finally {
    await farm.close()
  }
}

async function checkFarm(farm: Farm, machine: Machine): Promise<Report> {
  const { certificates } = await readCertificates(farm.root.der)
  return check(farm.name, {
    servers: farm.servers.map(({ address, port }) => `${address}:${port}`),
    trustAnchors: certificates,
    aiaAllowPrivate: true,
    at: machine.now,
    signal: machine.signal,
  })
}

/** The `.cer` files of the kit, as an administrator would import them. */
async function certificatesIn(folder: string): Promise<readonly Uint8Array[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cer'))
  return Promise.all(names.map((name) => readFile(join(folder, name))))
}

function keepRunning(farm: Farm, say: (text: string) => void, machine: Machine): Promise<number> {
  say(`The farm of ${farm.servers.length} servers runs until you press Ctrl-C.\n`)
  return new Promise((resolve) => {
    if (machine.signal.aborted) resolve(0)
    // A signal alone does not keep the process alive; the farm's listening sockets do.
    machine.signal.addEventListener('abort', () => resolve(0), { once: true })
  })
}
