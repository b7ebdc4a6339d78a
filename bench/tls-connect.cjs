// The plainest peer: one tls.connect to each line of a list, eight at a time, and the chain that was sent, counted.
const { connect } = require('node:tls')
const lines = require('node:fs').readFileSync(process.argv[2], 'utf8').trim().split('\n')
let next = 0
let certificates = 0
const one = () => {
  const line = lines[next++]
  if (!line) return
  const [host, port] = line.split(':')
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
    for (let at = socket.getPeerCertificate(true); at?.raw; at = at.issuerCertificate) {
      certificates++
      if (at === at.issuerCertificate) break
    }
    socket.destroy()
    one()
  })
  socket.on('error', (error) => {
    throw error
  })
}
for (let slot = 0; slot < 8; slot++) one()
process.on('exit', () => console.log(certificates))
