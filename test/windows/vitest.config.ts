import { defineConfig } from 'vitest/config'

/** Apart from the ordinary tests: these need Wine, and what was built. */
export default defineConfig({
  test: {
    include: ['test/windows/*.wine.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One Windows for all of them, on few cores.
    fileParallelism: false,
  },
})
