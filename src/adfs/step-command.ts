import type { ExaminedFarm } from '../checks/check.js'
import type { Examination } from '../examine/examination.js'
import type { Asked } from '../farm/asked.js'
import type { Subject, SubjectId } from '../farm/subject.js'
import type { Action } from './actions.js'
import { commandByName, commandLine, defaultKitFolder } from './commands.js'
import { repairsAt } from './place.js'

/** Arguments of the command of ours that a step is; null: it is none. */
export function argvOf(
  action: Action,
  on: readonly SubjectId[],
  { farm, examinations }: ExaminedFarm,
  asked: Asked,
): readonly string[] | null {
  const ids = new Set(on)
  const here = examinations.filter(({ subject }) => ids.has(subject.id))
  const subjects = (wanted: readonly Examination[]) => wanted.map(({ subject }) => subject)
  switch (action.verb) {
    case 'check-by-name':
      return action.name === undefined ? null : commandByName(action.name, subjects(here), asked)
    case 'save': {
      const supplying = new Set(here.flatMap(suppliers))
      const all = examinations.filter(({ subject }) => ids.has(subject.id) || supplying.has(subject.id))
      return commandLine(farm, asked, { subjects: subjects(all), kit: defaultKitFolder })
    }
    case 'confirm':
    case 'run-again': {
      const own = action.from === undefined ? undefined : asked.joined?.views[action.from]
      const seen = { ...farm, subjects: farm.subjects.filter((one) => isFrom(one, action.from)) }
      return commandLine(own ? seen : farm, own ?? asked, {
        subjects: on.length === 0 ? null : subjects(here),
      })
    }
    default:
      return null
  }
}

const isFrom = (subject: Subject, from: string | undefined): boolean =>
  subject.kind === 'served' && subject.vantage === from

/** Servers whose lists gave this one's repair a certificate. */
const suppliers = (examination: Examination): readonly SubjectId[] =>
  examination.kind === 'seen'
    ? repairsAt([examination]).flatMap(({ add }) =>
        add.flatMap(({ origin, from }) => (origin === 'other-server' ? [from] : [])),
      )
    : []
