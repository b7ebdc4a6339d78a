/** RFC 3339 without fractions, which jq's `fromdate` and most monitoring reads. */
export const instant = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z')
