/**
 * What was seen of who ends TLS: facts, and how far each goes. None of them is proof of a device, and none of its absence
 * (Application Proxy blog, 2014-06-19; KB954755; nginx 1.22 and HAProxy 2.6 were asked in tests; the rest follows).
 */
export const tlsSigns = {
  'answers-without-name': {
    proves: 'It has a certificate for connections without a server name.',
    leavesOpen:
      'AD FS and its proxies alone reset such a connection, but with a fallback binding (IP:port) Windows answers as well.',
  },
  'resets-without-name': {
    proves: 'It serves names only, as AD FS and its proxies do with host-name bindings.',
    leavesOpen: 'A device may be set to do so too, and a firewall may cut the connection.',
  },
  'alerts-without-name': {
    proves: 'It refuses connections without a server name, with an alert of TLS.',
    leavesOpen:
      'nginx (ssl_reject_handshake) and HAProxy (strict-sni) do when set to; AD FS and its proxies are known to reset instead, of every version or not.',
  },
  'root-sent': {
    proves: 'The list holds a root, which Windows leaves out of the chain it builds.',
    leavesOpen: 'Which device sends it, and from which file.',
  },
  'other-key-elsewhere': {
    proves:
      'The same name has another key at the other address: what is changed at one does not reach the other.',
    leavesOpen:
      'Whether one of them is a device in front: nodes that were not renewed together look the same.',
  },
  'other-certificate-elsewhere': {
    proves:
      'The same name has another certificate at the other address: what is changed at one does not reach the other.',
    leavesOpen:
      'Whether one of them is a device in front: nodes that were not renewed together look the same.',
  },
  'other-list-elsewhere': {
    proves:
      'The same certificate comes with another list at the other address: each has its own intermediates.',
    leavesOpen: 'Whether one of them is a device in front: nodes with different stores look the same.',
  },
} as const

export type TlsSignKind = keyof typeof tlsSigns
