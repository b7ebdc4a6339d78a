import type { ReadStream } from 'node:tty'
import { AdfsCheckFault } from '../fault.js'
import type { Output } from './machine.js'

/** Reads one line from a terminal without showing it; Ctrl-C and Ctrl-D end the asking. */
export function askSecret(question: string, input: ReadStream, output: Output): Promise<string> {
  output.write(question)
  input.setRawMode(true)
  input.setEncoding('utf8')
  input.resume()
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (settle: () => void) => {
      input.setRawMode(false)
      input.pause()
      input.off('data', take)
      output.write('\n')
      settle()
    }
    const take = (text: string) => {
      for (const key of text) {
        if (key === '\r' || key === '\n') return end(() => resolve(typed))
        if (key === '\u0003' || key === '\u0004')
          return end(() => reject(new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', 'No password was given.')))
        typed = key === '\u007f' || key === '\b' ? [...typed].slice(0, -1).join('') : typed + key
      }
    }
    input.on('data', take)
  })
}
