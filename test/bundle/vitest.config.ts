import { defineConfig } from 'vitest/config'

/** Apart from the ordinary tests: these need what `npm run bundle` made, and Node.js of other versions from npm. */
export default defineConfig({
  test: {
    include: ['test/bundle/*.bundle.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
})
