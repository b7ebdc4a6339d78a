/** Why a file cannot be opened although it is what it seems to be, in words for its owner. */
export class ContainerProblem extends Error {}
