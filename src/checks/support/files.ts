import type { FileSubject } from '../../farm/subject.js'
import type { ExaminedFarm } from '../check.js'

/** The files that are judged, in the farm's order. */
export const filesIn = ({ farm }: ExaminedFarm): readonly FileSubject[] =>
  farm.subjects.filter((subject) => subject.kind === 'file')
