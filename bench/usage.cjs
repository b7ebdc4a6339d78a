// Loaded before a command: at its end it tells CPU time (microseconds) and the largest resident size (KiB) on descriptor 3.
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  require('node:fs').writeSync(3, JSON.stringify({ cpu: userCPUTime + systemCPUTime, rss: maxRSS }))
})
