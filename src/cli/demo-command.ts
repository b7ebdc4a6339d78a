import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Farm, startFarm } from '../demo/farm.js'
import { startWholeFarm } from '../demo/whole-farm.js'
import { inAscii, paint, wrap } from '../formats/terminal-text.js'
import { checkCommand } from './check-command.js'
import type { Machine } from './machine.js'
import { checkDefaults } from './options.js'
import { textStyle } from './terminal.js'

export interface DemoFlags {
  readonly farm?: boolean
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
    await checkFarm(farm, anchorFile, { ...flags, kit: kitFolder }, machine)

    say('\n')
    title('2. Apply the kit: import its .cer files on each server and restart')
    const imported = await certificatesIn(kitFolder)
    for (const server of farm.servers) server.importIntermediates(imported)
    say(
      `   ${imported.length} intermediate certificate${imported.length === 1 ? '' : 's'} from ${kitFolder} on ${farm.servers.length} servers\n\n`,
    )

    title('3. Check again')
    return await checkFarm(farm, anchorFile, flags, machine)
  } finally {
    await farm.close()
  }
}

/** Between two machines that are mended: long enough to read what the watch in the other terminal says. */
const mendEveryMs = 15_000

/** A farm as farms are, to be checked and watched from a second terminal while its machines are mended in turn. */
export async function farmDemo(flags: DemoFlags, machine: Machine): Promise<number> {
  const style = textStyle(machine, machine.out, flags)
  const say = (text: string) => machine.out.write(style.unicode ? text : inAscii(text))
  const farm = await startWholeFarm(machine.now)
  try {
    const folder = await mkdtemp(join(tmpdir(), 'adfs-check-demo-'))
    const [anchorFile, config] = [join(folder, 'demo-root.pem'), join(folder, 'adfs-check.yaml')]
    await writeFile(anchorFile, farm.root.pem)
    await writeFile(config, farm.inventory(anchorFile))
    const names = Object.values(farm.names)
    say(
      `${paint(style, 'bold', `== A farm of ${farm.machines.length} machines and ${names.length} names on loopback, with a private PKI of its own`)}\n\n`,
    )
    for (const { name, address, defect } of farm.machines)
      say(`   ${name.padEnd(5)} ${address}  ${defect ?? 'nothing is wrong'}\n`)
    const command = `adfs-check --config ${config} --no-proxy`
    const turns = `${mendEveryMs / 1000} s`
    say(
      `\n${wrap(`In a second terminal; the first line checks it, the second watches it until it is well. In ${turns}, and then every ${turns}, one machine is mended as its recipe says. Ctrl-C ends the farm.`, style.columns, '   ')}\n\n`,
    )
    say(`   ${command} --kit fix\n   ${command} --watch --interval 2\n\n`)
    const ill = farm.machines.filter(({ defect }) => defect !== null)
    // Proxies first, as the kit says.
    for (const one of [...ill].sort((a, b) => Number(b.role === 'wap') - Number(a.role === 'wap'))) {
      await until(mendEveryMs, machine.signal)
      if (machine.signal.aborted) return 0
      one.mend()
      say(`   ${one.name} is mended\n`)
    }
    say('   The farm is well, and runs until you press Ctrl-C.\n')
    return await untilEnded(machine)
  } finally {
    await farm.close()
  }
}

/** Ends early with the signal. */
const until = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => undefined)

/** What the printed command does; the exit code. */
function checkFarm(
  farm: Farm,
  anchorFile: string,
  { kit, color, ascii }: DemoFlags,
  machine: Machine,
): Promise<number> {
  return checkCommand(
    [farm.name],
    {
      ...checkDefaults,
      server: farm.servers.map(({ address, port }) => `${address}:${port}`),
      trustAnchor: [anchorFile],
      aiaAllowPrivate: true,
      proxy: false,
      ...(kit === undefined ? {} : { kit }),
      ...(color === undefined ? {} : { color }),
      ...(ascii === undefined ? {} : { ascii }),
    },
    {},
    machine,
  )
}

/** The `.cer` files of the kit, as an administrator would import them. */
async function certificatesIn(folder: string): Promise<readonly Uint8Array[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cer'))
  return Promise.all(names.map((name) => readFile(join(folder, name))))
}

function keepRunning(farm: Farm, say: (text: string) => void, machine: Machine): Promise<number> {
  say(`The farm of ${farm.servers.length} servers runs until you press Ctrl-C.\n`)
  return untilEnded(machine)
}

const untilEnded = ({ signal }: Machine): Promise<number> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(0)
    // A signal alone does not keep the process alive; the farm's listening sockets do.
    signal.addEventListener('abort', () => resolve(0), { once: true })
  })
