import { say } from '../../words/words.js'
import { stores, titles, type WindowsRole, windows } from '../facts.js'
import { scriptUndoLine } from './by-hand.js'
import { type Given, type Recipe, type Stage, type Told, told } from './recipe.js'
import { bindingLines, rebootLine, restartLines, scriptLine, storeListLine } from './windows.js'

/** AD FS and its proxies, whose chain comes from the computer's stores: without PowerShell 5.1 by certutil. */
export const onWindowsServer = (role: WindowsRole): Recipe => ({
  id: role,
  title: titles[role].one,
  source: {
    title: 'Microsoft, Manage SSL certificates in AD FS and WAP (2025-04-08), KB954755, KB2831004',
    url: 'https://learn.microsoft.com/windows-server/identity/ad-fs/operations/manage-ssl-certificates-ad-fs-wap',
    date: '2025-04-08',
  },
  tried: null,
  takes: 'fullchain',
  chain: null,
  stages: (given) => stagesOf(role, given),
})

function stagesOf(role: WindowsRole, { server }: Given): Readonly<Record<Stage, Told>> {
  const isOld = server !== null && windows[server].powershell === '4.0'
  const certutil = say`${{ code: 'certutil -addstore CA' }} with each ${{ code: '.cer' }} of the kit`
  return {
    look: told(
      say`See which certificate is bound there; an entry headed ${{ code: 'IP:port' }} answers connections without a name`,
      bindingLines[role],
      bindingLines.all,
    ),
    save: told(
      say`Keep a list of what is in ${stores.CA.label}, to compare with afterwards; the script undoes only what it did`,
      storeListLine('CA', 'before.txt'),
    ),
    change: isOld
      ? told(say`Import the intermediates: ${certutil}`)
      : told(
          say`Import the intermediates with the script of the kit (Windows Server 2012 R2: ${certutil})`,
          scriptLine('-WhatIf'),
          scriptLine(),
        ),
    apply: told(
      say`Restart the services; if the old chain is still sent, set the certificate again, then ${{ code: rebootLine }}`,
      ...restartLines(role),
    ),
    verify: told(say`Check this server by its own address before the next one`),
    undo: isOld
      ? told(
          say`Delete what was imported, by its thumbprint, and restart the services`,
          ...restartLines(role),
        )
      : told(say`Take back what the script added, in the folder there`, scriptUndoLine),
  }
}
