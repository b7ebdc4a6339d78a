import type { RuleId } from '../android/rule-id.js'
import { rules } from '../android/rules.js'
import { say } from '../words/words.js'
import { type CheckResult, defineCheck } from './check.js'

/** What went wrong in this program. */
export type FailureEvidence =
  | { readonly kind: 'threw'; readonly check: string; readonly error: string }
  /** Releases refuse or depend by a rule, and no finding says so. */
  | { readonly kind: 'unowned'; readonly rule: RuleId; readonly detail: string }

/** `run` finds nothing by itself: the registry makes the cases, because it alone sees the other checks fail. */
export const checkFailed = defineCheck({
  id: 'check-failed',
  title: 'A check of adfs-check itself failed',
  sources: [],
  rules: [],
  run: (): CheckResult<FailureEvidence> => ({ status: 'pass' }),
  tell: (evidence, { releases }) =>
    evidence.kind === 'threw'
      ? say`The check ${{ code: evidence.check }} stopped on a fault of its own (${{ untrusted: evidence.error }}), so what it looks for is not known. All other checks have run. Please report it, with the output of ${{ code: '--format json' }}.`
      : say`${{ releases }} would not simply accept this (${rules[evidence.rule].title}${evidence.detail ? say`: ${{ untrusted: evidence.detail }}` : []}), and no check explains it: a fault of this program. Please report it, with the output of ${{ code: '--format json' }}.`,
  actions: () => [],
})
