import { listed, say, type Words } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { called, concerned } from './support/answers.js'
import { type HostNameEvidence, hostNameCases, nameAdvice } from './support/host-names.js'
import { whichList } from './support/lists.js'
import { nearMissWords } from './support/names.js'

export const hostnameNotCovered = defineCheck({
  id: 'hostname-not-covered',
  title: 'The certificate is for other names',
  sources: [
    'RFC 9525 §6.3',
    'okhttp OkHostnameVerifier.java@android-4.4_r1 to @android-15.0.0_r1',
    'Microsoft: AD FS requirements (names of the TLS certificate)',
  ],
  rules: ['host-name'],
  run: (farm) => found(hostNameCases(farm, { inCommonName: false })),
  tell: (evidence, told) => {
    const { wanted, kind } = evidence
    const certificate = say`${whichList(evidence, told)}${called(evidence.certificate)}`
    const patchDependent = evidence.patchDependent.filter((release) => told.releases.includes(release))
    const asked = { untrusted: wanted }
    const patch =
      patchDependent.length > 0
        ? say` On ${{ releases: patchDependent }} it depends on the security patch (2021-02).`
        : []
    switch (kind) {
      case 'name':
        return say`${certificate} does not cover ${asked}; it covers ${namesOf(evidence)}.${near(evidence)} Apps on ${concerned(evidence, told)} refuse it.${patch}`
      case 'address':
        return say`${certificate} does not cover the address ${asked}; it covers ${namesOf(evidence)}. AD FS is checked by its name, not its address: the name is what phones ask for.`
      case 'address-as-name':
        return say`${certificate} has the address ${asked} as a DNS name, and phones look for addresses among the address entries only. AD FS is checked by its name, not its address: the name is what phones ask for.`
    }
  },
  brief: (evidence) => say`it is for ${namesOf(evidence)}`,
  actions: (evidence, told) =>
    evidence.kind === 'name'
      ? [
          { action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' },
          ...nameAdvice(evidence, told),
        ]
      : [{ action: { verb: 'check-by-name' }, by: 'whoever-checks' }],
})

const namesOf = ({ names }: HostNameEvidence): Words =>
  names.length === 0 ? ['no name at all'] : listed(names.map((name) => [{ untrusted: name }]))

const near = ({ nearMiss }: HostNameEvidence): Words =>
  nearMiss === null ? [] : say` ${nearMissWords(nearMiss)}`
