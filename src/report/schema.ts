import { type Static, type TProperties, Type } from 'typebox'
import { releases } from '../android/releases.js'
import { terminators } from '../farm/subject.js'

/**
 * The report, defined once: TypeScript's types are derived from here, and `npm run schema` writes
 * `report.schema.json`. Readers must accept new fields and new members of every enumeration, so objects are open. One file: one document.
 * Text is raw, as it stands in certificates and on the command line; times are RFC 3339 without fractions, UTC.
 * One file: whoever looks for a field of the report finds it here.
 */
const object = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, description === undefined ? {} : { description })
const text = (description?: string) => Type.String(description === undefined ? {} : { description })
const nullable = <T extends Type.TSchema>(type: T) => Type.Union([type, Type.Null()])
const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>({ enum: values, ...(description === undefined ? {} : { description }) })

const instant = Type.String({ description: 'RFC 3339, UTC, no fractions', format: 'date-time' })
const sha256 = Type.String({ description: 'SHA-256 of the DER, lower-case hex', pattern: '^[0-9a-f]{64}$' })
const release = oneOf(releases, 'An Android release; later versions of this program know more.')
const releaseList = Type.Array(release, { description: 'Oldest first.' })
const subjectId = text('Id of a subject: name@address:port; of joined cases name@vantage/address:port')
const caseKey = text('finding id|subject id|facet: stable over renewals')
const overallVerdict = oneOf(['ok', 'warning', 'critical', 'unknown'])
const severity = oneOf(['critical', 'warning', 'info'])

const subjectState = oneOf(
  ['accepted', 'waived', 'refused', 'depends', 'undetermined', 'unreachable'],
  'The worst verdict of the releases that count. waived: not accepted, which somebody accepts; unreachable: no verdict.',
)

const outcome = object({
  kind: text('How the first connection ended, e.g. observed, timed-out, alert'),
  phase: nullable(text('What was being waited for when it ended')),
  detail: text('In words'),
})

const exchange = object({
  hello: text('Id of the ClientHello said, e.g. android-14'),
  nth: Type.Integer({ minimum: 0, description: 'Connections with the same hello are counted from 0.' }),
  sni: Type.Boolean(),
  outcome: text('In words'),
  ended: nullable(oneOf(['authenticated', 'not-provable', 'failed'], 'Null: no certificate list came.')),
  answer: nullable(text('Id of the answer it brought')),
})

const handshake = object({
  protocol: text('TLS 1.0 … TLS 1.3'),
  cipherSuite: text(),
  group: nullable(text()),
  alpn: nullable(text()),
  clientCertificateRequested: Type.Boolean(),
  stapledOcsp: Type.Boolean(),
  signedCertificateTimestamps: Type.Boolean(),
})

const answer = object(
  {
    id: text('a1, a2, …; the newest release’s first'),
    releases: releaseList,
    sent: Type.Array(sha256, { description: 'In the order received, duplicates kept.' }),
    unreadable: Type.Array(object({ index: Type.Integer(), problem: text() })),
    how: oneOf(['connection', 'file']),
    handshake: nullable(handshake),
  },
  'One certificate list that the subject shows. A list shown to no release has empty releases.',
)

const verdict = object({
  releases: releaseList,
  verdict: oneOf(['accepted', 'refused', 'depends', 'undetermined']),
  counts: Type.Boolean({ description: 'Whether these releases set the verdict and the exit code.' }),
  rule: nullable(text('Id of the rule that decided; not-asked where a release was not asked')),
  certificate: nullable(sha256),
  reason: text('In words'),
  sources: Type.Array(text()),
  answer: nullable(text()),
  basis: oneOf(['spoken', 'inferred', 'none', 'file'], 'Whether the release’s own hello was said.'),
  path: Type.Array(sha256, { description: 'The path accepted, leaf first, trust anchor last.' }),
  alternatives: Type.Array(Type.Array(sha256), {
    description: 'Of accepted: further paths that would do. Of refused: the paths tried in vain.',
  }),
})

const repair = object({
  answer: text(),
  add: Type.Array(
    object({
      sha256,
      origin: oneOf(['aia', 'operator', 'other-server']),
      from: text('URL, file or subject id'),
      issued: sha256,
      revocation: Type.Optional(
        object(
          {
            status: oneOf(['good', 'revoked', 'unknown']),
            url: nullable(text('Address of the list')),
            asOf: Type.Optional(instant),
            why: Type.Optional(text('Why it is not known, in words')),
          },
          'What the list says that the certificate names; missing: it names none',
        ),
      ),
    }),
  ),
  withdrawn: Type.Optional(
    Type.Array(
      object({
        sha256,
        origin: oneOf(['aia', 'operator', 'other-server']),
        from: text('URL, file or subject id'),
        state: oneOf(['revoked', 'superseded']),
        since: nullable(instant),
        source: text('Address of the list, or the catalogue’s source'),
      }),
      { description: 'What would have fitted and is not proposed: its authority withdrew it.' },
    ),
  ),
  drop: Type.Array(object({ sha256, reason: oneOf(['root', 'duplicate', 'expired', 'stale', 'unrelated']) })),
  chain: Type.Array(sha256, { description: 'What is to be sent: leaf first, no root.' }),
  takesEffect: object(
    {
      predicted: Type.Boolean(),
      unless: Type.Array(
        object({
          kind: oneOf(['root-disabled', 'removed', 'windows-ends-tls']),
          certificate: nullable(sha256),
        }),
      ),
    },
    'Whether Windows is predicted to send the chain after the import; the model never ran on Windows. A device named with --tls-ends-at sends what it is given.',
  ),
  verdictsAfter: Type.Array(
    object({ releases: releaseList, verdict: oneOf(['accepted', 'refused', 'depends', 'undetermined']) }),
  ),
  open: nullable(
    object(
      {
        child: sha256,
        issuer: text('Subject of the certificate that nobody could supply'),
        keyIdentifier: nullable(text()),
        urls: Type.Array(text()),
      },
      'The issuer that nobody could supply',
    ),
  ),
  byLuck: releaseList,
  cutShort: Type.Boolean({ description: 'The search ended at its budget: there may be a better repair.' }),
})

const file = object(
  {
    path: text('As on the command line'),
    container: oneOf(['PKCS #12', 'PKCS #7', 'PEM', 'DER']),
    safes: Type.Array(nullable(text('e.g. AES-256')), {
      description: 'How each safe of a PKCS #12 file is encrypted; null: in the clear.',
    }),
    mac: nullable(text('Digest of the code that proved the password right')),
    keys: Type.Array(
      object({
        kind: nullable(text('rsa, ec, …; null: could not be opened')),
        cipher: nullable(text()),
        provider: nullable(text('What kept it on Windows')),
        fits: Type.Array(sha256),
        problem: nullable(text()),
      }),
    ),
    problems: Type.Array(object({ where: text(), message: text() })),
    unless: Type.Array(object({ root: nullable(sha256), twinOf: sha256 }), {
      description: 'Windows sends another list where its Root store holds one of these.',
    }),
    devices: Type.Optional(
      Type.Array(oneOf(terminators), {
        description:
          'Products that end TLS for the farm and send the file they are given; missing: none was named.',
      }),
    ),
    against: Type.Array(
      object({
        subject: subjectId,
        seen: Type.Boolean(),
        sameCertificate: Type.Boolean(),
        names: object({ gained: Type.Array(text()), lost: Type.Array(text()) }),
        releases: object({ gained: releaseList, lost: releaseList }),
        key: object({ was: nullable(text()), is: text(), same: Type.Boolean() }),
        issuer: object({ was: nullable(text()), is: text() }),
        notAfter: object({ was: nullable(instant), is: instant }),
      }),
      { description: 'What changes at each server of the live farm' },
    ),
  },
  'A file judged as if a Windows server presented its certificate',
)

const tlsEnd = object(
  {
    said: nullable(oneOf(terminators, 'With --tls-ends-at, or in adfs-check.yaml')),
    signs: Type.Array(
      object({
        kind: text('e.g. root-sent, resets-without-name, other-list-elsewhere'),
        certificate: nullable(sha256),
        others: Type.Array(subjectId, {
          description: 'One server for each other key, certificate or list, a few of many',
        }),
      }),
    ),
  },
  'Who ends TLS: what the operator said, and what was seen; a sign is no proof',
)

const subject = object({
  id: subjectId,
  kind: oneOf(['served', 'file']),
  name: nullable(text('A-label form; null: the target is an address')),
  label: text('The node as the operator or DNS calls it'),
  node: Type.Optional(
    text('The machine, where one may be several subjects: equal for all of them. Missing: each is its own'),
  ),
  address: nullable(text()),
  port: nullable(Type.Integer({ minimum: 1, maximum: 65_535 })),
  role: oneOf(['adfs', 'wap', 'balancer', 'unknown']),
  vantage: Type.Optional(text('Label of the place it was looked at from, where cases are joined')),
  tlsEnd: Type.Optional(tlsEnd),
  outcome,
  connections: Type.Array(exchange),
  varying: Type.Array(text(), {
    description: 'Answers that equal connections got: several servers stand behind the address.',
  }),
  withoutName: nullable(object({ outcome: text(), answer: nullable(text()) })),
  strangeName: Type.Optional(
    object(
      { outcome: text(), sent: Type.Array(sha256) },
      'What came for a name that nobody has; asked where an inventory is given, once a port',
    ),
  ),
  answers: Type.Array(answer),
  verdicts: Type.Array(verdict),
  repairs: Type.Array(repair),
  file: Type.Optional(file),
  elsewhere: Type.Array(
    object({
      client: oneOf(
        ['chrome', 'webview', 'windows'],
        'Chrome anywhere, WebView on the newest release, Schannel',
      ),
      verdict: oneOf(['accepted', 'refused', 'unknown']),
      reason: text(),
    }),
    {
      description:
        'Why it may work for whoever tries it: these fetch issuers or have other roots. Never counts.',
    },
  ),
})

/** A piece of text with marks; formats render them in their own way. */
const word = Type.Union([
  Type.String(),
  object({ code: text() }),
  object({ untrusted: text() }),
  object({ certificate: sha256 }),
  object({ releases: releaseList }),
  object({ subject: subjectId }),
  object({ date: instant }),
  object({
    // As draft 2020-12 writes a tuple.
    count: Type.Unsafe<[number, string, string]>({
      type: 'array',
      prefixItems: [Type.Integer(), text('one'), text('several')],
      minItems: 3,
      items: false,
    }),
  }),
])

const action = Type.Object(
  { verb: text('What to do, e.g. import, restart, confirm; its other fields depend on it') },
  { additionalProperties: true },
)

const finding = object({
  id: text('Kebab-case; `adfs-check explain ID` prints its page'),
  key: caseKey,
  severity,
  subjects: Type.Array(subjectId, { description: 'Empty: the whole farm.' }),
  releases: releaseList,
  certificate: nullable(sha256),
  title: text(),
  message: text('Fact and consequence, in words'),
  words: Type.Array(word, { description: 'The message with marks' }),
  short: nullable(Type.Array(word, { description: 'The same in one or two sentences, where it is long' })),
  brief: nullable(
    Type.Array(word, { description: 'The cause in a few words, for a line that names the server' }),
  ),
  cases: Type.Array(
    object({
      key: caseKey,
      subject: nullable(subjectId),
      evidence: Type.Unknown(),
      waived: Type.Optional(
        object({ reason: text(), owner: text(), until: text('Date, this day included') }),
      ),
    }),
  ),
  actions: Type.Array(action),
  sources: Type.Array(text()),
})

const step = object({
  on: Type.Array(subjectId),
  by: oneOf(['adfs-admin', 'certificate-buyer', 'network-admin', 'whoever-checks', 'ca-admin']),
  action,
  argv: nullable(Type.Array(text(), { description: 'Arguments of adfs-check' })),
  because: Type.Array(caseKey),
})

const certificate = object({
  subject: text('RFC 4514'),
  name: text('Last common name, else the subject'),
  issuer: text(),
  serialNumber: text('Lower-case hex'),
  notBefore: instant,
  notAfter: instant,
  subjectKeyIdentifier: nullable(text()),
  authorityKeyIdentifier: nullable(text()),
  names: Type.Array(text()),
  isCa: Type.Boolean(),
  key: text('e.g. RSA 2048'),
  signatureAlgorithm: text(),
  caIssuers: Type.Array(text()),
  thumbprint: text('SHA-1 of the DER, upper-case hex: what Windows calls it by'),
  origins: Type.Array(text(), {
    description: 'subject ids that send it, trust-store, aia URL, operator file',
  }),
  pem: text(),
})

const change = object(
  {
    at: instant,
    kind: oneOf(
      [
        'appeared',
        'gone',
        'unlisted',
        'fixed',
        'broken',
        'changed',
        'unreachable',
        'reachable',
        'new',
        'recovered',
      ],
      'new and recovered are of a case; the others of a subject or, where that is null, of a name.',
    ),
    subject: nullable(subjectId),
    name: nullable(text('Host name that does not resolve (unreachable), or does again (reachable)')),
    case: nullable(object({ key: caseKey, finding: text(), severity })),
    was: nullable(subjectState),
    is: nullable(subjectState),
  },
  'What differs from an earlier look. Of a subject there is one change at most.',
)

const report = object({
  farm: object({
    id: text('The target as named'),
    owner: Type.Optional(text('Who answers for it, by the policy')),
    names: Type.Array(object({ ascii: text(), display: text() })),
    ports: Type.Array(Type.Integer()),
    unresolved: Type.Array(object({ host: text(), reason: text(), detail: text() })),
    leftOut: Type.Optional(
      Type.Array(
        object({
          name: text(),
          reason: text(),
          detail: text(),
          vantages: Type.Optional(
            Type.Array(text(), { description: 'Of joined cases: where it is so, if not at every place' }),
          ),
        }),
        {
          description: 'Names that were looked up and do not have to be checked, e.g. reason cloud or absent',
        },
      ),
    ),
  }),
  at: instant,
  verdict: overallVerdict,
  policy: object({
    releases: releaseList,
    others: releaseList,
    warn: object({ percent: nullable(Type.Number()), days: nullable(Type.Number()) }),
    crit: object({ percent: nullable(Type.Number()), days: nullable(Type.Number()) }),
    supported: object({ from: release, asOf: text(), source: text() }, 'Where the default comes from'),
  }),
  network: object(
    {
      resolver: text(),
      proxy: nullable(text()),
      offline: Type.Boolean(),
      timeoutMs: Type.Number(),
      environment: Type.Array(text(), {
        description: 'Environment variables that printed commands need, because their value is secret',
      }),
    },
    'What the answers depended on',
  ),
  trustStores: object({
    sources: Type.Array(
      object(
        {
          releases: releaseList,
          roots: Type.Integer(),
          source: text(),
          shipped: text('YYYY-MM-DD or YYYY-MM'),
        },
        'The store that a release shipped with',
      ),
    ),
    updates: Type.Array(
      object(
        {
          update: text('YYYY-MM of the tag read'),
          releases: releaseList,
          roots: Type.Integer(),
          source: text(),
        },
        'Stores that Play system updates bring; which phone has which is not known',
      ),
    ),
    added: Type.Array(sha256),
    data: Type.Optional(
      object(
        {
          file: nullable(text('As named; null: by the library')),
          sha256: Type.String({ description: 'Of the file, lower-case hex', pattern: '^[0-9a-f]{64}$' }),
          date: text('Of the newest thing in it, YYYY-MM-DD or YYYY-MM'),
        },
        'Newer data than the program’s own, given with --trust-data; missing: its own',
      ),
    ),
  }),
  /** What printed commands repeat, without the target. */
  asked: Type.Array(text(), { description: 'Options that the answer depended on, as arguments' }),
  vantages: Type.Optional(
    object(
      {
        points: Type.Array(
          object({
            label: text(),
            at: instant,
            subjects: Type.Array(subjectId),
            leaves: Type.Array(sha256),
            keys: Type.Array(text('SHA-256 of the SubjectPublicKeyInfo, lower-case hex')),
          }),
        ),
        words: Type.Array(word, { description: 'How what they are shown compares, in a sentence' }),
      },
      'Places the farm was looked at from, where cases are joined',
    ),
  ),
  subjects: Type.Array(subject),
  findings: Type.Array(finding, { description: 'Most important first: the first finding is the cause.' }),
  checks: Type.Array(
    object({
      id: text(),
      title: text(),
      status: oneOf(['pass', 'not-applicable', 'undetermined', 'found']),
      why: nullable(text()),
    }),
  ),
  plan: object({ steps: Type.Array(step) }),
  fetches: Type.Array(object({ url: text(), purpose: text(), outcome: text() })),
  waivers: Type.Optional(
    Type.Array(
      object({
        finding: text(),
        subject: nullable(subjectId),
        facet: nullable(text()),
        reason: text(),
        owner: text(),
        until: text('Date, this day included'),
        state: oneOf(['used', 'unused', 'expired']),
      }),
      { description: 'Every waiver of the policy that concerns this farm, used or not' },
    ),
  ),
  renewal: Type.Optional(
    object(
      { file: text('As named'), certificate: sha256 },
      'The certificate that every server is to send by now; missing: none was named',
    ),
  ),
  changes: Type.Optional(
    Type.Array(change, {
      description: 'With --state: since the last run. With --watch: since it began, the last thousand.',
    }),
  ),
  kit: nullable(object({ folder: text(), files: Type.Array(text()) })),
  certificates: Type.Record(sha256, certificate),
})

const reportDocument = Type.Object(
  {
    schemaVersion: Type.Literal(2),
    tool: object({ name: Type.Literal('adfs-check'), version: text() }),
    at: instant,
    reports: Type.Array(report),
    verdict: overallVerdict,
    exitCode: Type.Integer({ minimum: 0, maximum: 4 }),
    owners: Type.Optional(
      Type.Array(
        object({
          owner: nullable(text('Null: farms without one')),
          farms: Type.Integer({ minimum: 0 }),
          verdicts: object({
            ok: Type.Integer(),
            warning: Type.Integer(),
            critical: Type.Integer(),
            unknown: Type.Integer(),
          }),
          worst: Type.Array(object({ farm: text('The target as named'), verdict: overallVerdict })),
        }),
        {
          description: 'What the farms of each owner come to, the worst first, where the policy names owners',
        },
      ),
    ),
  },
  {
    $id: 'https://adfs-check.invalid/report.schema.json',
    title: 'adfs-check report',
    description: 'Readers must accept new fields and new members of enumerations.',
  },
)

export const schemas = { report, document: reportDocument }

/** The schema of the whole document as it is shipped, draft 2020-12. */
export const schemaText = (): string =>
  `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...reportDocument }, null, 2)}\n`

export type Report = Static<typeof report>
export type ReportDocument = Static<typeof reportDocument>
export type OverallVerdict = Report['verdict']
export type SubjectReport = Report['subjects'][number]
export type AnswerReport = SubjectReport['answers'][number]
export type VerdictReport = SubjectReport['verdicts'][number]
export type RepairReport = SubjectReport['repairs'][number]
export type FindingReport = Report['findings'][number]
export type CertificateReport = Report['certificates'][string]
export type CaseReport = FindingReport['cases'][number]
export type StepReport = Report['plan']['steps'][number]
export type ChangeReport = NonNullable<Report['changes']>[number]
export type SubjectState = NonNullable<ChangeReport['is']>
