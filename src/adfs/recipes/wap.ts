import { onWindowsServer } from './windows-stages.js'

export const wap = onWindowsServer('wap')
