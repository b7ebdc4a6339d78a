/** Equal to the version in package.json; a test keeps it so. A constant, so that `--version` reads no file. */
export const version = '0.1.0'
