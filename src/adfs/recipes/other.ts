import { say } from '../../words/words.js'
import { intermediatesFile, type Recipe, told } from './recipe.js'

/** For a device that is none of the others: what is true of all of them. */
export const other: Recipe = {
  id: 'other',
  title: 'the device that ends TLS',
  source: null,
  tried: null,
  takes: 'intermediates',
  chain: null,
  stages: ({ file }) => ({
    look: told(say`Find the certificate that it has for the name, and where its intermediates are kept`),
    save: told(say`Keep what is there: an export of the configuration, or the files`),
    change: told(
      say`Give it ${{ code: file }} or, where it wants the intermediates in a place of their own, ${{ code: intermediatesFile(file) }}`,
    ),
    apply: told(say`Reload it, as its manual says; many go on with the old chain until then`),
    verify: told(say`Check this server alone before the next one`),
    undo: told(say`Put back what was kept, and reload again`),
  }),
}
