import { onWindowsServer } from './windows-stages.js'

export const adfs = onWindowsServer('adfs')
