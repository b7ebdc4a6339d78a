import { defineCheck } from './check.js'

/** Stands in for a check that threw: `run` finds nothing by itself, the registry makes its findings. */
export const checkFailed = defineCheck<{ readonly check: string; readonly error: string }>({
  id: 'check-failed',
  severity: 'info',
  title: 'A check of adfs-check itself failed',
  sources: [],
  rules: [],
  run: () => [],
  message: ({ check, error }) =>
    `The check "${check}" stopped on a fault of its own (${error}), so what it looks for is undetermined. All other checks have run.`,
  steps: ({ check }) => [
    `Whoever ran this check: please report it, with the output of --format json, and say that "${check}" failed.`,
  ],
})
