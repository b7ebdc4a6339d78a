import type { HelloShape } from './observation.js'

/**
 * A hello that a server of any age can answer: TLS 1.0 to 1.3, every suite of which we can read the Certificate
 * message, every signature scheme we can verify. It is no client's imitation; it is for seeing what a server has.
 *
 * Strong suites come first, so that a modern server answers as it would a modern client. P-521 is there for the few
 * servers that allow nothing else. No finite-field group: they would only invite a HelloRetryRequest for a group that
 * we do not compute, and servers choose their own parameters in TLS 1.2 without it.
 */
export const generalShape: HelloShape = {
  id: 'general',
  versions: [0x0301, 0x0302, 0x0303, 0x0304],
  cipherSuites: [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc0ac, 0xc0ad, 0xc009, 0xc013,
    0xc00a, 0xc014, 0xc023, 0xc027, 0xc024, 0xc028, 0x009e, 0x009f, 0xccaa, 0x0033, 0x0039, 0x0067, 0x006b,
    0x009c, 0x009d, 0xc09c, 0xc09d, 0x002f, 0x0035, 0x003c, 0x003d, 0x0032, 0x0038, 0x0041, 0x0084, 0x0045,
    0x0088, 0xc008, 0xc012, 0x0016, 0x000a, 0xc007, 0xc011, 0x0005, 0x0004,
  ],
  groups: [29, 23, 24, 25],
  keyShares: [29],
  signatureSchemes: [
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601, 0x0807, 0x0808, 0x0809, 0x080a,
    0x080b, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0202,
  ],
  alpn: ['http/1.1'],
  sni: true,
  pointFormats: [0],
  extensions: [0, 23, 0xff01, 10, 11, 16, 5, 13, 18, 43, 51],
}
