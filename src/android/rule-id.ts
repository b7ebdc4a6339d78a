import type { PathRule } from '../path/problem.js'

/** Every rule that can make a release refuse. Ids are API: they may gain company, they do not change meaning. */
export type RuleId =
  | PathRule
  | 'nothing-presented'
  | 'message-too-large'
  | 'no-path-missing-issuer'
  | 'anchor-unknown'
  | 'system-update'
  | 'blocklisted'
  | 'staple-revoked'
  | 'staple-unknown'
  | 'staple-stale'
  | 'staple-unverified'
  | 'staple-unusable'
  | 'host-name'
  | 'cn-only'
  | 'tls-key-usage'
  | 'handshake-refused'
  | 'key-not-proven'
